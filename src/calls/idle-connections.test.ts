import { afterEach, describe, expect, it } from 'vitest';
import { seedOf } from '../host/acceptance/index.ts';
import { checkIdleConnections } from './testing/closing-server.ts';
import { Stage } from './testing/stage.ts';

const stage = new Stage();
const seed = seedOf(import.meta.url);

afterEach(() => stage.clear());

describe(`an upstream that closes idle connections at the worst moments, seed ${seed}`, () => {
  it.each(['request', 'dispatcher'] as const)(
    '%s: every GET is answered, by its only instance',
    async (way) => {
      const { answered, errors, retries, swallowed } = await checkIdleConnections(stage, {
        seed,
        way,
        method: 'GET',
        count: 2_000,
      });
      expect(errors).toEqual([]);
      expect(answered).toBe(2_000);
      // It did happen, and was no attempt that the call had to pay for.
      expect(swallowed).toBeGreaterThan(0);
      expect(retries).toBe(0);
    },
  );

  it.each(['request', 'dispatcher'] as const)('%s: no POST arrives twice', async (way) => {
    const { answered, errors, seen } = await checkIdleConnections(stage, {
      seed,
      way,
      method: 'POST',
      count: 1_000,
    });
    expect(answered + errors.length).toBe(1_000);
    expect(Math.max(...seen.values())).toBe(1);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'unavailable', mayHaveExecuted: true });
    }
  });
});
