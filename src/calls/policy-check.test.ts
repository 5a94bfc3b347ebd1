import { expect, it } from 'vitest';
import { nodeHost } from '../host/node/index.ts';
import { HoldfastError } from '../std/index.ts';
import type { Calls } from './caller.ts';
import { createCalls } from './calls.ts';
import { fixedDiscovery } from './discovery.ts';
import type { UpstreamPolicy } from './policy.ts';

const host = nodeHost({ faultsAllowed: false });

const callsWith = (policy: unknown): Calls =>
  createCalls({ host, discovery: fixedDiscovery({}), policies: { orders: policy as UpstreamPolicy } });

it.each([
  [
    { balance: 'fastest' },
    'has balance "fastest": it must be one of p2c, round-robin, least-in-flight, ring-hash.',
  ],
  [{ inFlightMax: -1 }, 'has inFlightMax -1: it must be a whole number from 1 to 4096.'],
  [{ inFlightMax: 0 }, 'has inFlightMax 0: it must be a whole number from 1 to 4096.'],
  [{ inFlightMax: 1.5 }, 'has inFlightMax 1.5: it must be a whole number from 1 to 4096.'],
  [{ inFlightMax: 4_097 }, 'has inFlightMax 4097: it must be a whole number from 1 to 4096.'],
  [{ queueLengthMax: -1 }, 'has queueLengthMax -1: it must be a whole number from 0 to 16384.'],
  [{ queueLengthMax: 16_385 }, 'has queueLengthMax 16385: it must be a whole number from 0 to 16384.'],
  [{ attemptsMax: 4 }, 'has attemptsMax 4: it must be a whole number from 1 to 3.'],
  [
    { attemptTimeoutMs: 0 },
    'has attemptTimeoutMs 0: it must be milliseconds, more than 0 and at most 3600000.',
  ],
  [
    { attemptTimeoutMs: Number.NaN },
    'has attemptTimeoutMs null: it must be milliseconds, more than 0 and at most 3600000.',
  ],
  [{ hedge: 'yes' }, 'has hedge "yes": it must be true or false.'],
  [
    { idempotent: 'POST /x' },
    'has idempotent "POST /x": it must be a list of routes such as "POST /orders/:id".',
  ],
  [
    { idempotent: ['orders/:id'] },
    'is no good: An idempotent route is a method and a path, such as "POST /orders/:id", not "orders/:id".',
  ],
  [{ retries: 3 }, 'has a setting "retries" that there is not:'],
  [
    { hedge: true, attemptsMax: 1 },
    'has hedge true and attemptsMax 1: a hedged call needs a second attempt.',
  ],
  [7, 'must be an object of settings.'],
])('%j is refused at once', (policy, text) => {
  let thrown: unknown;
  try {
    callsWith(policy);
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(HoldfastError);
  expect((thrown as HoldfastError).code).toBe('invalid_argument');
  expect((thrown as HoldfastError).message).toContain(`The policy of "orders" ${text}`);
});

it.each([
  {},
  { hedge: true, attemptsMax: 2 },
  { hedge: false, attemptsMax: 1 },
  { inFlightMax: 4_096, queueLengthMax: 16_384 },
  { balance: 'ring-hash', inFlightMax: 1, queueLengthMax: 0, attemptTimeoutMs: 0.5, hedge: false },
  { balance: undefined, idempotent: ['POST /orders/:id', 'PATCH /'], attemptsMax: 1, eject: false },
])('%j is taken', async (policy) => {
  const calls = callsWith(policy);
  expect(calls.explain()).toEqual([]);
  await calls.close();
});
