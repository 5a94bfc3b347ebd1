import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { limits } from './limits.ts';

it('stand in the guide as they are', () => {
  const guide = readFileSync(new URL('../../docs/guides/calling.md', import.meta.url), 'utf8');
  const told = [...guide.matchAll(/^\| `(\w+)` \| ([\d.]+) \|/gm)].map(([, name, value]) => [
    name,
    Number(value),
  ]);
  expect(told.length).toBeGreaterThan(10);
  const known = limits as Readonly<Record<string, number>>;
  expect(told).toEqual(told.map(([name]) => [name, known[name as string]]));
});
