import { describe, expect, it } from 'vitest';
import { must, Prng } from '../../../std/index.ts';
import { countOf, endpoints } from '../../testing/endpoints.ts';
import { LeastInFlight } from './least-in-flight.ts';

describe('least-in-flight', () => {
  it('takes the one with the fewest under way, streams included', () => {
    const balancer = new LeastInFlight(new Prng(1));
    const candidates = endpoints({ a1: 1, a2: 1, a3: 1 });
    for (const endpoint of candidates) endpoint.sent(false, 0);
    must(candidates[0], 'a1').sent(false, 0);
    must(candidates[1], 'a2').sent(true, 0);
    const picks = countOf(50, () => balancer.pick(candidates, 0).instance.id);
    expect(picks('a3')).toBe(50);
  });

  it('chooses among equals by lot, each as often as the others', () => {
    const balancer = new LeastInFlight(new Prng(2));
    const candidates = endpoints({ busy: 1, a1: 1, a2: 1, a3: 1 });
    must(candidates[0], 'busy').sent(false, 0);
    const picks = countOf(3_000, () => balancer.pick(candidates, 0).instance.id);
    expect(picks('busy')).toBe(0);
    for (const id of ['a1', 'a2', 'a3']) expect(Math.abs(picks(id) - 1_000), id).toBeLessThan(120);
  });

  it('gives light ones their part when all are idle', () => {
    const balancer = new LeastInFlight(new Prng(4));
    const candidates = endpoints({ a1: 1, a2: 0.5, a3: 0.25 });
    const picks = countOf(7_000, () => balancer.pick(candidates, 0).instance.id);
    for (const [id, expected] of [
      ['a1', 4_000],
      ['a2', 2_000],
      ['a3', 1_000],
    ] as const) {
      expect(Math.abs(picks(id) - expected), id).toBeLessThan(0.1 * expected);
    }
  });

  it('keeps the calls under way level, in proportion to weight', () => {
    const balancer = new LeastInFlight(new Prng(3));
    const candidates = endpoints({ a1: 1, a2: 0.5, a3: 0.25 });
    for (let call = 0; call < 700; call++) balancer.pick(candidates, 0).sent(false, 0);
    for (const [index, expected] of [400, 200, 100].entries()) {
      expect(Math.abs(must(candidates[index], 'candidate').inFlight - expected)).toBeLessThanOrEqual(2);
    }
  });
});
