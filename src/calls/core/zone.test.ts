import { describe, expect, it } from 'vitest';
import type { Instance } from '../discovery.ts';
import { instance, ok, refused, Upstream } from '../testing/upstream.ts';
import { Endpoint } from './endpoint.ts';
import { preferredZone } from './zone.ts';

const inZone = (zone: string | undefined, id: string, weight = 1): Instance => ({
  ...instance(id, 'ready', weight),
  zone,
});
const idsOf = (endpoints: readonly Endpoint[]): string =>
  endpoints.map(({ instance: { id } }) => id).join(' ');

/** Instances as `zone/id`, with `:weight`, a `-` before those that are ejected. */
function preferred(zone: string | undefined, ...names: string[]): string {
  const all = names.map((name) => {
    const [, , of, id, weight = '1'] = /^(-?)(\w*)\/(\w+):?(\d*)$/.exec(name) ?? [];
    return new Endpoint(inZone(of === '' ? undefined : of, id as string, Number(weight || 1)), 0, 0);
  });
  const usable = all.filter((_, index) => !names[index]?.startsWith('-'));
  return idsOf(preferredZone(usable, all, zone));
}

describe('preferred zone', () => {
  it.each([
    ['a caller without a zone', undefined, ['a/1', 'b/2'], '1 2'],
    ['an even spread', 'a', ['a/1', 'a/2', 'b/3', 'b/4'], '1 2'],
    ['nobody near', 'c', ['a/1', 'b/2'], '1 2'],
    ['nobody near that is usable', 'a', ['-a/1', 'b/2'], '2'],
    ['half a fair share near', 'a', ['a/1', 'b/2', 'b/3', 'b/4'], '1'],
    ['less than half a fair share near', 'a', ['a/1', 'b/2', 'b/3', 'b/4', 'b/5'], '1 2 3 4 5'],
    ['a fair share by weight', 'a', ['a/1:4', 'b/2', 'b/3', 'b/4', 'b/5'], '1'],
    ['half of those near usable', 'a', ['a/1', '-a/2', 'b/3', 'b/4'], '1'],
    ['less than half of those near usable', 'a', ['a/1', '-a/2', '-a/3', 'b/4', 'b/5', 'b/6'], '1 4 5 6'],
    ['less than half of the weight near usable', 'a', ['a/1', '-a/2:3', 'b/3:4'], '1 3'],
    ['instances without a zone as a zone of their own', 'a', ['a/1', '/2', '/3', '/4'], '1'],
  ] as const)('%s', (_, zone, names, expected) => {
    expect(preferred(zone, ...names)).toBe(expected);
  });
});

describe('an upstream with zones', () => {
  const four = [inZone('a', 'a1'), inZone('a', 'a2'), inZone('b', 'b1'), inZone('b', 'b2')];

  it('stays near by, goes farther with what there is no room for, and comes back', () => {
    const upstream = new Upstream(four, { balance: 'round-robin', zone: 'a', inFlightMax: 1 });
    for (const name of ['x', 'y']) upstream.call(name);
    expect(['x', 'y'].map((name) => upstream.at(name)).sort()).toEqual(['a1', 'a2']);
    upstream.call('z');
    expect(upstream.at('z')).toMatch(/^b/);
    upstream.ends('x', ok);
    upstream.call('w');
    expect(upstream.at('w')).toBe(upstream.at('x'));
  });

  it('goes farther only when nobody near by can be reached', () => {
    const upstream = new Upstream(four, { balance: 'round-robin', zone: 'a' });
    upstream.call('x');
    upstream.ends('x', refused);
    expect(upstream.at('x')).toMatch(/^a/);
    upstream.ends('x', refused);
    expect(upstream.at('x')).toMatch(/^b/);
  });

  it('goes everywhere while too few near by are well, not yet with half of them', () => {
    const near = ['a1', 'a2', 'a3'].map((id) => inZone('a', id));
    const upstream = new Upstream([...near, ...['b1', 'b2', 'b3'].map((id) => inZone('b', id))], {
      balance: 'round-robin',
      zone: 'a',
    });
    const zones = (): string => [...new Set(upstream.serve(60).map((id) => id[0]))].sort().join();
    upstream.eject('a1');
    expect(zones()).toBe('a');
    upstream.eject('a2');
    expect(zones()).toBe('a,b');
  });

  it('says so', () => {
    const upstream = new Upstream(four, { balance: 'round-robin', zone: 'a' });
    expect(idsOf(upstream.core.fleet.preferred)).toBe('a1 a2');
  });
});
