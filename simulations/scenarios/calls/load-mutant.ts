import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { UpstreamDriver } from 'holdfast/calls';
import type { Mutant } from './mutants.ts';

const root = path.resolve(import.meta.dirname, '..', '..', '..');

/** Loads the calls' driver and core with one mistake in them: a copy of the source, changed in one place. */
export function loadMutant(mutant: Mutant): typeof UpstreamDriver {
  const parent = path.join(root, '.holdfast', 'mutants');
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(path.join(parent, `${mutant.name}-`));
  try {
    const calls = path.join(folder, 'src', 'calls');
    const filter = (file: string): boolean => !file.endsWith('.test.ts');
    for (const part of ['core', 'driver', 'limits.ts']) {
      cpSync(path.join(root, 'src', 'calls', part), path.join(calls, part), { recursive: true, filter });
    }
    for (const other of ['std', 'host']) {
      symlinkSync(path.join(root, 'src', other), path.join(folder, 'src', other), 'junction');
    }
    change(path.join(calls, mutant.file), mutant);
    // Not `import()`: scenarios are made without waiting.
    const load = createRequire(import.meta.url);
    return load(path.join(calls, 'driver', 'upstream.ts')).UpstreamDriver;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function change(file: string, { name, from, to }: Mutant): void {
  const source = readFileSync(file, 'utf8');
  const count = source.split(from).length - 1;
  if (count !== 1)
    throw new Error(`The mutant ${name} changes a text that occurs ${count} times in ${file}.`);
  writeFileSync(
    file,
    source.replace(from, () => to),
  );
}
