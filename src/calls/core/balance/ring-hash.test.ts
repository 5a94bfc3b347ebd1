import { describe, expect, it } from 'vitest';
import { Prng } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import { countOf, endpoints } from '../../testing/endpoints.ts';
import { failed, instances, ok, refused, Upstream } from '../../testing/upstream.ts';
import type { Endpoint } from '../endpoint.ts';
import { PowerOfTwoChoices } from './p2c.ts';
import { RingHash } from './ring-hash.ts';

const keys = Array.from({ length: 4_000 }, (_, index) => `user:${index}`);
const fresh = (): RingHash => new RingHash(new PowerOfTwoChoices(new Prng(1)));
const placesOf = (ring: RingHash, candidates: readonly Endpoint[]): string[] =>
  keys.map((key) => ring.pick(candidates, 0, key).instance.id);
const five = { a1: 1, a2: 1, a3: 1, a4: 1, a5: 1 };

function known(shares: Readonly<Record<string, number>>): [RingHash, Endpoint[]] {
  const ring = fresh();
  const candidates = endpoints(shares);
  ring.know(candidates);
  return [ring, candidates];
}

describe('ring-hash', () => {
  it('sends a key to the same instance always, from every caller, in whatever order they are listed', () => {
    const places = placesOf(...known(five));
    expect(placesOf(...known(five))).toEqual(places);
    expect(placesOf(...known({ a4: 1, a2: 1, a5: 1, a1: 1, a3: 1 }))).toEqual(places);
  });

  it('shares the keys among all, in proportion to weight', () => {
    const even = placesOf(...known(five));
    const count = countOf(keys.length, (index) => even[index] as string);
    for (const id of Object.keys(five)) expect(Math.abs(count(id) - 800), id).toBeLessThan(240);
    const weighted = placesOf(...known({ a1: 1, a2: 0.25 }));
    const heavy = weighted.filter((id) => id === 'a1').length;
    expect(Math.abs(heavy - 3_200)).toBeLessThan(320);
  });

  it('moves only the keys of an instance that goes, and only to one that comes', () => {
    const [ring, candidates] = known(five);
    const before = placesOf(ring, candidates);
    const left = candidates.filter(({ instance }) => instance.id !== 'a3');
    ring.know(left);
    const without = placesOf(ring, left);
    for (const [index, id] of without.entries()) if (before[index] !== 'a3') expect(id).toBe(before[index]);
    const orphans = new Set(without.filter((_, index) => before[index] === 'a3'));
    expect(orphans.size).toBe(4);
    ring.know(candidates);
    expect(placesOf(ring, candidates)).toEqual(before);
  });

  it('moves few keys when a weight changes', () => {
    const [ring, candidates] = known(five);
    const before = placesOf(ring, candidates);
    const lighter = endpoints({ ...five, a3: 0.5 });
    ring.know(lighter);
    const after = placesOf(ring, lighter);
    const moved = after.filter((id, index) => id !== before[index]);
    expect(moved.length).toBeGreaterThan(0.05 * keys.length);
    expect(moved.length).toBeLessThan(0.2 * keys.length);
    expect(moved).not.toContain('a3');
  });

  it('moves keys only to a heavier one that comes, though all weigh less in proportion then', () => {
    const [ring, candidates] = known(five);
    const before = placesOf(ring, candidates);
    const more = [...candidates, ...endpoints({ heavy: 3 })];
    for (const endpoint of more) endpoint.share = endpoint.instance.weight / 3;
    ring.know(more);
    const after = placesOf(ring, more);
    for (const [index, id] of after.entries()) if (id !== before[index]) expect(id).toBe('heavy');
    ring.know(candidates);
    expect(placesOf(ring, candidates)).toEqual(before);
  });

  it('skips who cannot be chosen at the moment; its keys come back to it', () => {
    const [ring, candidates] = known(five);
    const before = placesOf(ring, candidates);
    const meanwhile = placesOf(
      ring,
      candidates.filter(({ instance }) => instance.id !== 'a2'),
    );
    for (const [index, id] of meanwhile.entries()) {
      if (before[index] === 'a2') expect(id).not.toBe('a2');
      else expect(id).toBe(before[index]);
    }
    expect(placesOf(ring, candidates)).toEqual(before);
  });

  it('bounds the load that a hot key brings to its instance, and lets it return', () => {
    const [ring, candidates] = known(five);
    const home = ring.pick(candidates, 0, 'hot');
    for (let call = 1; call <= 201; call++) {
      ring.pick(candidates, 0, 'hot').sent(false, 0);
      const fair = call / candidates.length;
      for (const { inFlight } of candidates) {
        expect(inFlight).toBeLessThanOrEqual(Math.ceil(limits.ringLoadFactor * fair));
      }
    }
    expect(home.inFlight).toBe(51);
    expect(ring.pick(candidates, 0, 'hot')).not.toBe(home);
    for (let call = 0; call < 10; call++) home.released({ isStream: false, isAnswering: false });
    expect(ring.pick(candidates, 0, 'hot')).toBe(home);
  });

  it('bounds it by weight', () => {
    const [ring, candidates] = known({ a1: 1, a2: 0.25 });
    for (let call = 0; call < 100; call++) ring.pick(candidates, 0, 'hot').sent(false, 0);
    const [heavy, light] = candidates.map(({ inFlight }) => inFlight);
    expect(light).toBeLessThanOrEqual(25);
    expect(heavy).toBeGreaterThanOrEqual(75);
  });

  it('lets calls without a key go wherever there is room', () => {
    const [ring, candidates] = known(five);
    const picks = countOf(500, () => ring.pick(candidates, 0, undefined).instance.id);
    for (const id of Object.keys(five)) expect(picks(id), id).toBeGreaterThan(50);
  });
});

describe('an upstream with ring-hash', () => {
  it('brings a key back to its instance after an ejection', () => {
    const upstream = new Upstream(instances('a1', 'a2', 'a3'), 'ring-hash');
    const home = upstream.serve(1, {}, { key: 'k' })[0] as string;
    upstream.serve(60);
    upstream.serve(20, { [home]: failed }, { key: 'k' });
    expect(upstream.endpoint(home).isEjected).toBe(true);
    const away = new Set(upstream.serve(20, {}, { key: 'k' }));
    expect(away.size).toBe(1);
    expect(away).not.toContain(home);
    upstream.nowMs += 2 * limits.ejectionBaseMs;
    upstream.serve(1, {}, { idempotent: true });
    expect(new Set(upstream.serve(20, {}, { key: 'k' }))).toEqual(new Set([home]));
  });

  it('retries a key on the next instance of the ring, the same each time', () => {
    const seconds = new Set<string>();
    for (let seed = 1; seed <= 10; seed++) {
      const upstream = new Upstream(instances('a1', 'a2', 'a3', 'a4'), { balance: 'ring-hash', seed });
      upstream.call('x', { key: 'k' });
      upstream.ends('x', refused);
      seconds.add(upstream.at('x') as string);
    }
    expect(seconds.size).toBe(1);
  });

  it('queues when all are full', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'ring-hash', inFlightMax: 1 });
    for (const name of ['x', 'y', 'z']) upstream.call(name, { key: 'k' });
    expect(upstream.take().at(-1)).toBe('queued z');
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual(['deliver x', `send z to ${upstream.at('x')} attempt 1`]);
  });
});
