import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { EndpointState, UpstreamState } from '../../calls/index.ts';
import { Output } from './output.ts';
import { upstreamLines } from './upstream-table.ts';

const endpoint: EndpointState = {
  id: 'a-1',
  address: '127.0.0.1:8080',
  state: 'ready',
  weight: 1,
  use: 'preferred',
  why: 'healthy',
  inFlight: 2,
  streams: 1,
  latencyMs: 4.2,
  score: 16.8,
  good: 10,
  bad: 0,
  picks: 99,
  breaker: 'closed',
  appetite: 1,
};

const upstream: UpstreamState = {
  service: 'a',
  balance: 'p2c',
  lookup: 'known',
  retriesLeft: 50,
  queued: 0,
  inFlightMax: 256,
  instances: [endpoint],
  choices: [],
};

const plain = new Output(new PassThrough(), { colour: false });
const linesOf = (changes: Partial<UpstreamState>): string[] =>
  upstreamLines(plain, 'b-1', { ...upstream, ...changes });

describe('upstreamLines', () => {
  it('say how a service is called, and what is thought of each instance', () => {
    const why = '5 failures in a row; the next probe goes in 4.0 s';
    const ejected: EndpointState = { ...endpoint, id: 'a-2', use: 'ejected', why, bad: 5 };
    expect(linesOf({ instances: [endpoint, ejected], p99Ms: 9.5 })).toEqual([
      'b-1 calls a: p2c, p99 9.5 ms, 50 retries in the budget, at most 256 in flight each.',
      '  instance  address         in flight  latency  score  good  bad  chosen  use        why',
      '  a-1       127.0.0.1:8080          3   4.2 ms   16.8    10    0      99  preferred  healthy',
      `  a-2       127.0.0.1:8080          3   4.2 ms   16.8    10    5      99  ejected    ${why}`,
    ]);
  });

  it('show zones and weights where there are any, and calls that wait', () => {
    const far: EndpointState = { ...endpoint, id: 'a-2', zone: 'far', weight: 3 };
    const [head, titles, first, second] = linesOf({ instances: [endpoint, far], queued: 4 });
    expect(head).toContain('p99 not known yet');
    expect(head).toContain('4 calls wait for room');
    expect(titles).toMatch(/address +zone +weight +in flight/);
    expect(first).toMatch(/8080 +- +1 +3/);
    expect(second).toMatch(/8080 +far +3 +3/);
  });

  it('tell where the latest attempt went, and what stood in the way of others', () => {
    const choice = { agoMs: 1_240, instance: 'a-1', attempt: 1, by: 'p2c' } as const;
    const passedOver = [{ instance: 'a-2', why: 'ejected' as const }];
    expect(linesOf({ choices: [{ ...choice, passedOver }, choice] }).at(-1)).toBe(
      '  The latest attempt went to a-1 1.2 s ago, by p2c, passing over a-2 (ejected).',
    );
    expect(linesOf({ choices: [choice] }).at(-1)).toBe(
      '  The latest attempt went to a-1 1.2 s ago, by p2c.',
    );
  });

  it('say why nothing is known', () => {
    expect(linesOf({ instances: [] }).at(-1)).toBe('  No instance is known.');
    const why = 'No registry can be reached at http://127.0.0.1:8500: refused.';
    expect(linesOf({ lookup: 'unreachable', why, instances: [] }).at(-1)).toBe(
      `  It cannot be looked up: ${why}`,
    );
  });
});
