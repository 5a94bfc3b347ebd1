import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * Seeds that once failed, by scenario: `name seed` a line, # begins a comment. They run before all others.
 */
export function readRegressions(
  path = fileURLToPath(new URL('./regressions.txt', import.meta.url)),
): ReadonlyMap<string, readonly number[]> {
  const seeds = new Map<string, number[]>();
  const lines = readFileSync(path, 'utf8').split('\n');
  for (const [index, line] of lines.entries()) {
    const text = line.replace(/#.*/, '').trim();
    if (text === '') continue;
    const [, name, seed] = /^([a-z0-9-]+)\s+(\d{1,10})$/.exec(text) ?? [];
    if (name === undefined) throw new Error(`${path}:${index + 1}: "${text}" is no scenario and seed.`);
    seeds.set(name, [...(seeds.get(name) ?? []), Number(seed)]);
  }
  return seeds;
}
