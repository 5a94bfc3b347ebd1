import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { instance, instances, ok, Upstream } from '../testing/upstream.ts';

describe('a list that flickers', () => {
  it('neither lifts the bound of an instance nor forgets what is under way there', () => {
    const upstream = new Upstream(instances('a1'), { balance: 'p2c', inFlightMax: 2, queueLengthMax: 0 });
    upstream.call('x');
    upstream.call('y');
    upstream.know([]);
    upstream.know(instances('a1'));
    expect(upstream.inFlight('a1')).toBe(2);
    upstream.take();
    upstream.call('z');
    expect(upstream.take()).toEqual([expect.stringMatching(/^fail z: unavailable, .* too busy/)]);
    upstream.ends('x', ok);
    expect(upstream.inFlight('a1')).toBe(1);
  });

  it('does not let an ejected instance back', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.eject('a1');
    upstream.know(instances('a2', 'a3'));
    upstream.know(instances('a1', 'a2', 'a3'));
    expect(upstream.endpoint('a1').isEjected).toBe(true);
    upstream.know([{ ...instance('a1'), incarnation: 'i2' }, ...instances('a2', 'a3')]);
    expect(upstream.endpoint('a1').isEjected).toBe(false);
  });

  it('does not lose the place of a probe', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'));
    upstream.eject('a1');
    upstream.nowMs = upstream.endpoint('a1').breaker.probeAtMs;
    upstream.call('probe', { idempotent: true });
    expect(upstream.at('probe')).toBe('a1');
    upstream.know(instances('a2', 'a3'));
    upstream.know(instances('a1', 'a2', 'a3'));
    upstream.ends('probe', ok);
    expect(upstream.endpoint('a1').isEjected).toBe(true);
    upstream.nowMs += limits.probePauseMs;
    upstream.call('another', { idempotent: true });
    expect(upstream.attempt('another').isProbe).toBe(true);
  });

  it('is remembered within a bound', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.eject('a1');
    upstream.know(instances('a2'));
    for (let index = 0; index < limits.departedKept; index++) {
      upstream.know(instances('a2', `passing-${index}`));
      upstream.know(instances('a2'));
    }
    upstream.know(instances('a1', 'a2'));
    expect(upstream.endpoint('a1').isEjected).toBe(false);
  });
});
