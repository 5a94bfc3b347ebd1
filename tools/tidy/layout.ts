/** The order of src: a folder may import from earlier rows only, never from its own row or a later one. */
export const ranks: readonly (readonly string[])[] = [
  ['std'],
  ['host'],
  ['link', 'journal', 'checkers', 'simulator', 'grpc'],
  ['causal-store', 'replicated-log', 'cache', 'telemetry'],
  ['calls'],
  ['registry'],
  ['service'],
  ['transactions'],
  ['topology'],
  ['servers'],
  ['cli'],
];

/** Places inside a folder of src, besides its own index, where others may enter. */
export const subEntries: readonly string[] = ['src/host/node', 'src/host/acceptance', 'src/grpc/testing'];

/** What proves the platform and is no part of what runs: for tests and simulations. */
export const proofFolders: readonly string[] = ['simulator', 'checkers'];

export function rankOf(folder: string): number | undefined {
  const rank = ranks.findIndex((row) => row.includes(folder));
  return rank < 0 ? undefined : rank;
}

/** `std` for `src/std/heap.ts`; undefined outside src and for files right in it. */
export function srcFolderOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

/** `echo` for `systems/echo/system.ts`. */
export function systemOf(file: string): string | undefined {
  return /^systems\/([^/]+)\//.exec(file)?.[1];
}

/** `src/std` or `systems/echo`: what a file belongs to. */
export function areaOf(file: string): string | undefined {
  return /^(?:src|systems)\/[^/]+(?=\/)/.exec(file)?.[0];
}

/** A test, or what only tests use: a folder called testing. */
export function isTest(file: string): boolean {
  return /\.(test|fuzz|bench|soak)\.ts$|\/testing\//.test(file);
}

/** Written by a generator: held to nothing here. */
export function isGenerated(file: string): boolean {
  return file.includes('/gen/');
}

/** A protocol's state machine, in src or in a system. */
export function isCore(file: string): boolean {
  return /^(src|systems)\/.*\/core\//.test(file) && !isTest(file);
}

export function isUnder(file: string, folder: string): boolean {
  return file.startsWith(`${folder}/`);
}
