import { describe, expect, it } from 'vitest';
import type { Instance } from '../discovery.ts';
import { failed, instance, ok, Upstream } from '../testing/upstream.ts';

const inZone = (zone: string, ...ids: string[]): Instance[] => ids.map((id) => ({ ...instance(id), zone }));

function zoned(count: number): Upstream {
  const ids = (zone: string): string[] =>
    Array.from({ length: count }, (_, index) => `${zone}-${index + 1}`);
  return new Upstream([...inZone('near', ...ids('near')), ...inZone('far', ...ids('far'))], {
    balance: 'p2c',
    zone: 'near',
  });
}

/** At 100 calls a second, all instances near by failing: how many calls end with a failure. */
function lostOf(upstream: Upstream, calls: number, idempotent: boolean): number {
  const isNear = (id: string | undefined): boolean => id?.startsWith('near') === true;
  let lost = 0;
  for (let index = 0; index < calls; index++) {
    upstream.nowMs += 10;
    upstream.call('x', { idempotent });
    while (upstream.get('x').state !== 'ended') {
      if (upstream.get('x').state !== 'sending') upstream.pass('x');
      else upstream.ends('x', isNear(upstream.at('x')) ? failed : ok);
    }
    if (isNear(upstream.get('x').answered?.endpoint.instance.id)) lost += 1;
  }
  return lost;
}

describe('a zone that is ill as a whole', () => {
  it('costs no call that may be repeated: what failed near by is tried farther away', () => {
    for (const count of [2, 3, 5]) {
      expect(lostOf(zoned(count), 2_000, true), `${count} and ${count}`).toBeLessThan(20);
    }
  });

  it('is not preferred any more after a few failures of calls that may not be repeated', () => {
    for (const count of [2, 3, 5]) {
      expect(lostOf(zoned(count), 6_000, false), `${count} and ${count}`).toBeLessThan(300);
    }
  });
});
