import { afterEach, expect, it } from 'vitest';
import { seedOf } from '../host/acceptance/index.ts';
import { checkIdleConnections } from './testing/closing-server.ts';
import { Stage } from './testing/stage.ts';

const stage = new Stage();
const seed = seedOf(import.meta.url);

afterEach(() => stage.clear());

it.each(['request', 'dispatcher'] as const)(
  `%s: 10,000 GETs to an instance that closes idle connections, seed ${seed}: none fails`,
  async (way) => {
    const outcome = await checkIdleConnections(stage, { seed, way, method: 'GET', count: 10_000 });
    expect(outcome.errors).toEqual([]);
    expect(outcome.answered).toBe(10_000);
  },
);

it(`10,000 POSTs to it, seed ${seed}: none arrives twice`, async () => {
  const options = { seed, way: 'request', method: 'POST', count: 10_000 } as const;
  const { answered, errors, seen } = await checkIdleConnections(stage, options);
  expect(answered + errors.length).toBe(10_000);
  expect(Math.max(...seen.values())).toBe(1);
});
