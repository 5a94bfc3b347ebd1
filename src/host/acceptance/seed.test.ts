import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { seedOf } from './index.ts';

function seedWith(seed: string | undefined, file: string): { seed: number; lines: string[] } {
  const lines: string[] = [];
  const surroundings = { environment: { SEED: seed }, print: (line: string) => lines.push(line) };
  return { seed: seedOf(pathToFileURL(file).href, surroundings), lines };
}

it('takes the seed that is given, and says how to replay it', () => {
  const given = seedWith('42', 'src/calls/some.test.ts');
  expect(given).toEqual({
    seed: 42,
    lines: ['Replay with: SEED=42 npm test -- src/calls/some.test.ts'],
  });
  expect(seedWith('0', 'src/x.soak.ts').lines).toEqual([
    'Replay with: SEED=0 npm run soak -- src/x.soak.ts',
  ]);
});

it('makes one when none is given, whose command gives it again', () => {
  const made = seedWith(undefined, 'src/x.test.ts');
  const [, told] = /SEED=(\d+) /.exec(made.lines[0] ?? '') ?? [];
  expect(seedWith(told, 'src/x.test.ts').seed).toBe(made.seed);
});

it.each(['', '-1', '1.5', 'abc', ' 7', '2147483648', '12345678901'])('refuses SEED="%s"', (text) => {
  expect(() => seedWith(text, 'src/x.test.ts')).toThrow(`not "${text}"`);
});
