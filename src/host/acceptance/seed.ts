import path from 'node:path';
import { fileURLToPath } from 'node:url';

const pattern = /^\d{1,10}$/;

export interface SeedSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly print: (line: string) => void;
}

/**
 * The seed of a random test, a whole number below 2^31: SEED from the environment, else a new one. Prints the
 * command that replays it from the folder of the repository. `test`: the `import.meta.url` of the test.
 */
export function seedOf(
  test: string,
  { environment, print }: SeedSurroundings = { environment: process.env, print: console.log },
): number {
  const { SEED: given } = environment;
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
  if (given !== undefined && !(pattern.test(given) && seed < 2 ** 31)) {
    throw new Error(`SEED must be a whole number from 0 to ${2 ** 31 - 1}, not "${given}".`);
  }
  const file = path.relative(process.cwd(), fileURLToPath(test)).replaceAll(path.sep, '/');
  const script = file.endsWith('.soak.ts') ? 'npm run soak' : 'npm test';
  print(`Replay with: SEED=${seed} ${script} -- ${file}`);
  return seed;
}
