import { expect, it } from 'vitest';
import { inOrderOf, inRounds, rows } from './rounds.ts';

it('each round begins with the next candidate, and after the last with the first', () => {
  const orders = [1, 2, 3, 4].map((round) => inOrderOf(round, ['a', 'b', 'c']).join(''));
  expect(orders).toEqual(['abc', 'bca', 'cab', 'abc']);
});

it('compares what was measured in the same round, whatever the order', async () => {
  const asked: string[] = [];
  let speed = 1;
  const samples = await inRounds(['slow', 'fast'], 3, async (name) => {
    asked.push(name);
    // The machine becomes twice as fast with each round.
    if (asked.length % 2 === 1) speed *= 2;
    return { perS: name === 'fast' ? 3 * speed : speed, cpuUs: 1 };
  });
  expect(asked).toEqual(['slow', 'fast', 'fast', 'slow', 'slow', 'fast']);
  expect(rows(samples, 'slow').map(({ name, ratio }) => [name, ratio])).toEqual([
    ['slow', 1],
    ['fast', 3],
  ]);
});
