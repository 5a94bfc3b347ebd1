import { describe, expect, it } from 'vitest';
import { must, Prng } from '../../../std/index.ts';
import { countOf, endpoints } from '../../testing/endpoints.ts';
import { instance, ok, target, Upstream } from '../../testing/upstream.ts';
import { PowerOfTwoChoices } from './p2c.ts';

describe('p2c', () => {
  it('p2c shares calls that come one by one among instances that are about as quick', () => {
    const upstream = new Upstream(
      ['a1', 'a2'].map((id) => instance(id)),
      'p2c',
    );
    const counts = { a1: 0, a2: 0 };
    for (let index = 0; index < 1_000; index++) {
      upstream.call('x');
      const id = upstream.at('x') as 'a1' | 'a2';
      counts[id] += 1;
      upstream.nowMs += id === 'a1' ? 1 : 2;
      upstream.ends('x', ok);
    }
    expect(Math.min(counts.a1, counts.a2)).toBeGreaterThan(400);
  });

  it('p2c sends less to a slow instance, and little to one that fails fast', () => {
    for (const trouble of ['slow', 'failing'] as const) {
      const upstream = new Upstream(
        ['a1', 'a2', 'a3'].map((id) => instance(id)),
        'p2c',
      );
      const counts = new Map<string, number>();
      for (let index = 0; index < 600; index++) {
        upstream.call(`x${index}`);
        const to = target(upstream.take()[0]);
        counts.set(to, (counts.get(to) ?? 0) + 1);
        const bad = to === 'a1';
        upstream.nowMs += bad && trouble === 'slow' ? 200 : 2;
        upstream.ends(
          `x${index}`,
          bad && trouble === 'failing' ? { type: 'answered', verdict: 'failed' } : ok,
        );
        upstream.take();
      }
      expect(counts.get('a1') ?? 0, trouble).toBeLessThan(30);
      expect(counts.get('a1') ?? 0, trouble).toBeGreaterThan(0);
      expect(counts.get('a2') ?? 0).toBeGreaterThan(200);
    }
  });

  it('shares in proportion to weight, call by call and with many under way', () => {
    const shares = { a1: 1, a2: 0.5, a3: 0.25 };
    const balancer = new PowerOfTwoChoices(new Prng(5));
    const candidates = endpoints(shares);
    const picks = countOf(7_000, () => balancer.pick(candidates, 0).instance.id);
    for (const [id, expected] of [
      ['a1', 4_000],
      ['a2', 2_000],
      ['a3', 1_000],
    ] as const) {
      expect(Math.abs(picks(id) - expected), id).toBeLessThan(0.1 * expected);
    }
    const loaded = endpoints(shares);
    for (let call = 0; call < 700; call++) balancer.pick(loaded, 0).sent(false, 0);
    for (const [index, expected] of [400, 200, 100].entries()) {
      expect(Math.abs((loaded[index]?.inFlight ?? 0) - expected)).toBeLessThan(0.1 * expected);
    }
  });

  it('takes the less loaded of two, so that the most loaded is never much above the others', () => {
    const balancer = new PowerOfTwoChoices(new Prng(6));
    const candidates = endpoints({ a1: 1, a2: 1, a3: 1, a4: 1, a5: 1, a6: 1, a7: 1, a8: 1 });
    for (let call = 0; call < 8_000; call++) balancer.pick(candidates, 0).sent(false, 0);
    const loads = candidates.map(({ inFlight }) => inFlight);
    expect(Math.max(...loads) - Math.min(...loads)).toBeLessThan(20);
  });

  it('chooses among two always the less loaded', () => {
    const balancer = new PowerOfTwoChoices(new Prng(7));
    const candidates = endpoints({ busy: 1, idle: 1 });
    must(candidates[0], 'busy').sent(false, 0);
    const picks = countOf(100, () => balancer.pick(candidates, 0).instance.id);
    expect(picks('idle')).toBe(100);
  });

  it('comes to a choice among instances of which each has nearly no appetite', () => {
    const balancer = new PowerOfTwoChoices(new Prng(8));
    const candidates = endpoints({ a1: 1e-9, a2: 1e-9, a3: 1e-9 });
    const picks = countOf(300, () => balancer.pick(candidates, 0).instance.id);
    for (const id of ['a1', 'a2', 'a3']) expect(picks(id), id).toBeGreaterThan(50);
  });
});
