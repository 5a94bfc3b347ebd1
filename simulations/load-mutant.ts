import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

/** A mistake planted in the source of a folder of src: one text in one of its files becomes another. */
export interface SourceMutant {
  readonly name: string;
  /** What is wrong, on purpose. */
  readonly bug: string;
  /** Within the folder; `from` occurs once in it. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** What is copied and loaded. */
export interface MutatedFolder {
  /** In src. */
  readonly folder: string;
  /** The file in it that is loaded. */
  readonly entry: string;
  /** Other folders of src that it imports from: those stay as they are, the very same modules. */
  readonly uses: readonly string[];
}

const root = path.resolve(import.meta.dirname, '..');
const leftOut = /\.test\.ts$|\/(testing|testdata)$/;

/**
 * Loads a folder of src with one mistake in it: a copy of the source, changed in one place. What its modules
 * keep is the copy's own.
 */
export function loadMutant({ folder, entry, uses }: MutatedFolder, mutant: SourceMutant): unknown {
  const parent = path.join(root, '.holdfast', 'mutants');
  mkdirSync(parent, { recursive: true });
  const top = mkdtempSync(path.join(parent, `${mutant.name}-`));
  try {
    const copy = path.join(top, 'src', folder);
    const filter = (file: string): boolean => !leftOut.test(file);
    cpSync(path.join(root, 'src', folder), copy, { recursive: true, filter });
    for (const other of uses) {
      symlinkSync(path.join(root, 'src', other), path.join(top, 'src', other), 'junction');
    }
    change(path.join(copy, mutant.file), mutant);
    // Not `import()`: scenarios are made without waiting.
    const load = createRequire(import.meta.url);
    return load(path.join(copy, entry));
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function change(file: string, { name, from, to }: SourceMutant): void {
  const source = readFileSync(file, 'utf8');
  const count = source.split(from).length - 1;
  if (count !== 1)
    throw new Error(`The mutant ${name} changes a text that occurs ${count} times in ${file}.`);
  writeFileSync(
    file,
    source.replace(from, () => to),
  );
}
