import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describeFinding, type Rule } from './finding.ts';
import { readTree } from './tree.ts';

/** What a rule says about a repository of these files, as it is printed. */
export function findingsOf(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  return inSmallTree(files, (root) => {
    return [...rule.check(readTree(root))].map((finding) => describeFinding(rule, finding));
  });
}

export function inSmallTree<T>(files: Readonly<Record<string, string>>, use: (root: string) => T): T {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-tidy-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
      fs.writeFileSync(path.join(root, name), text);
    }
    return use(root);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

/** A package.json that exports these folders of src. */
export function manifest(...exported: string[]): string {
  const exports = Object.fromEntries(exported.map((folder) => [`./${folder}`, `./src/${folder}/index.ts`]));
  return JSON.stringify({ name: 'holdfast', exports });
}
