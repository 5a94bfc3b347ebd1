import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { countOf } from '../testing/endpoints.ts';
import { instance, instances, Upstream } from '../testing/upstream.ts';

const warm = ['a1', 'a2', 'a3'];

/** Three warm instances that a fourth has just joined. */
function joined(balance: 'p2c' | 'round-robin' | 'least-in-flight' = 'round-robin'): Upstream {
  const upstream = new Upstream(instances(...warm), balance);
  upstream.serve(100);
  upstream.know(instances(...warm, 'new'));
  return upstream;
}

const appetite = (upstream: Upstream, id: string): number => upstream.endpoint(id).appetite(upstream.nowMs);

describe('slow start', () => {
  it('grows from a tenth to all of it within five seconds', () => {
    const upstream = joined();
    const seen = [0, 250, 1_250, 2_500, 4_999, 5_000, 50_000].map((atMs) => {
      upstream.nowMs = atMs;
      return appetite(upstream, 'new');
    });
    expect(seen).toEqual([0.1, 0.1, 0.25, 0.5, 4_999 / 5_000, 1, 1]);
    expect(appetite(upstream, 'a1')).toBe(1);
  });

  it.each(['p2c', 'round-robin', 'least-in-flight'] as const)(
    'sends little at first with %s',
    (balance) => {
      const upstream = joined(balance);
      const load = (): number => {
        const targets = upstream.serve(1_000);
        return countOf(targets.length, (index) => targets[index] as string)('new');
      };
      const early = load();
      upstream.nowMs = limits.slowStartMs;
      const late = load();
      expect(early).toBeGreaterThan(10);
      expect(early).toBeLessThan(60);
      expect(late).toBeGreaterThan(200);
    },
  );

  it('does not apply when nobody is warm', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    expect([appetite(upstream, 'a1'), appetite(upstream, 'a2')]).toEqual([1, 1]);
    const swapped = new Upstream(instances('a1'));
    swapped.know(instances('b1', 'b2'));
    expect([appetite(swapped, 'b1'), appetite(swapped, 'b2')]).toEqual([1, 1]);
  });

  it.each([
    ['becomes ready', [instance('a1'), instance('late', 'starting')], [instance('a1'), instance('late')]],
    [
      'is given weight',
      [instance('a1'), instance('late', 'ready', 0)],
      [instance('a1'), instance('late', 'ready')],
    ],
    [
      'is started again',
      instances('a1', 'late'),
      [instance('a1'), { ...instance('late'), incarnation: 'i2' }],
    ],
  ] as const)('begins when an instance %s', (_, before, after) => {
    const upstream = new Upstream(before);
    upstream.nowMs = 60_000;
    upstream.know(after);
    expect(appetite(upstream, 'late')).toBe(limits.slowStartMin);
    expect(appetite(upstream, 'a1')).toBe(1);
  });

  it('does not begin anew with a list that changes nothing for the instance', () => {
    const upstream = joined();
    upstream.nowMs = 2_500;
    upstream.know(instances(...warm, 'new', 'newer'));
    expect([appetite(upstream, 'new'), appetite(upstream, 'newer')]).toEqual([0.5, 0.1]);
  });

  it('begins for an instance that is restored', () => {
    const upstream = new Upstream(instances(...warm));
    upstream.eject('a1');
    upstream.nowMs = upstream.endpoint('a1').breaker.probeAtMs;
    upstream.serve(1, {}, { idempotent: true });
    expect(upstream.endpoint('a1').isEjected).toBe(false);
    expect(appetite(upstream, 'a1')).toBe(limits.slowStartMin);
  });

  it('multiplies with weight', () => {
    const upstream = new Upstream([instance('a1', 'ready', 4)]);
    upstream.know([instance('a1', 'ready', 4), instance('a2', 'ready', 2)]);
    upstream.nowMs = 2_500;
    expect(appetite(upstream, 'a2')).toBe(0.25);
  });
});
