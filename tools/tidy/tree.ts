import fs from 'node:fs';
import path from 'node:path';
import { isGenerated } from './layout.ts';
import { parseSource, type Source } from './source.ts';

/** What a rule looks at: every file of the repository, read once. Paths are relative, with `/`. */
export interface Tree {
  readonly files: ReadonlyMap<string, TextFile>;
  /** Code that was written by hand. */
  readonly sources: readonly Source[];
  readonly manifest: Manifest;
  /** True for any file or folder of the repository, also one whose text is not read. */
  has(path: string): boolean;
  /** Whether a folder is there, and every folder that is. */
  readonly folders: ReadonlySet<string>;
}

export interface TextFile {
  readonly path: string;
  readonly text: string;
  readonly lines: readonly string[];
}

/** The parts of package.json that rules ask for. */
export interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly bin: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

const ignored = new Set(['node_modules', '.git', '.holdfast', '.cache', 'coverage']);
const textual = /\.(ts|tsx|mjs|js|json|md|sh|proto|ya?ml|html|css)$/;

export function readTree(root: string): Tree {
  const files = new Map<string, TextFile>();
  const others = new Set<string>();
  const folders = new Set<string>();
  const visit = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      if (ignored.has(entry.name)) continue;
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        folders.add(name);
        visit(name);
      } else if (textual.test(name) || name.startsWith('.ci/')) {
        const text = fs.readFileSync(path.join(root, name), 'utf8');
        files.set(name, { path: name, text, lines: text.replace(/\n$/, '').split(/\r?\n/) });
      } else {
        others.add(name);
      }
    }
  };
  visit('');
  const manifest = readManifest(files.get('package.json')?.text);
  const code = [...files.values()].filter(
    (file) => /\.(ts|mjs|js)$/.test(file.path) && !isGenerated(file.path),
  );
  return {
    files,
    folders,
    manifest,
    sources: code.map((file) => parseSource(file, manifest)),
    has: (name) => files.has(name) || others.has(name) || folders.has(name),
  };
}

function readManifest(text: string | undefined): Manifest {
  const empty: Manifest = { name: '', exports: {}, bin: {}, scripts: {}, dependencies: {} };
  return text === undefined ? empty : { ...empty, ...(JSON.parse(text) as Partial<Manifest>) };
}
