import { describe, expect, it } from 'vitest';
import { HashRing } from './hash-ring.ts';

const keys = Array.from({ length: 20_000 }, (_, index) => `key-${index}`);
const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `a-${index + 1}`);

const evenly = (members: readonly string[]): Map<string, number> =>
  new Map(members.map((name) => [name, 1]));

function ringOf(members: readonly string[]): HashRing {
  const ring = new HashRing();
  ring.set(evenly(members));
  return ring;
}

const owner = (ring: HashRing, key: string): string | undefined => ring.from(key).next().value as string;

function shares(ring: HashRing): Map<string | undefined, number> {
  const counts = new Map<string | undefined, number>();
  for (const key of keys) counts.set(owner(ring, key), (counts.get(owner(ring, key)) ?? 0) + 1);
  return counts;
}

describe('HashRing', () => {
  it('has nobody for a key while it is empty', () => {
    expect([...new HashRing().from('x')]).toEqual([]);
    const ring = ringOf(['a']);
    ring.set(new Map());
    expect([...ring.from('x')]).toEqual([]);
    expect(ring.size).toBe(0);
  });

  it('shares keys about evenly', () => {
    for (const count of [2, 5, 30]) {
      const counts = shares(ringOf(names(count)));
      expect(counts.size).toBe(count);
      for (const share of counts.values()) {
        expect(share).toBeGreaterThan((0.7 * keys.length) / count);
        expect(share).toBeLessThan((1.35 * keys.length) / count);
      }
    }
  });

  it('moves only the keys of a member that comes or goes, about 1/n of them', () => {
    const ring = ringOf(names(10));
    const before = keys.map((key) => owner(ring, key));
    ring.set(evenly([...names(10), 'newcomer']));
    const after = keys.map((key) => owner(ring, key));
    const moved = after.filter((name, index) => name !== before[index]);
    expect(new Set(moved)).toEqual(new Set(['newcomer']));
    expect(moved.length).toBeGreaterThan((0.7 * keys.length) / 11);
    expect(moved.length).toBeLessThan((1.35 * keys.length) / 11);
    ring.set(evenly(names(10)));
    expect(keys.map((key) => owner(ring, key))).toEqual(before);
  });

  it('is the same ring in whatever order its members came', () => {
    const one = ringOf(names(20));
    const other = ringOf(names(20).reverse());
    other.set(evenly(['passing', ...names(20)]));
    other.set(evenly(names(20).reverse()));
    for (const key of keys.slice(0, 2_000)) expect([...one.from(key)]).toEqual([...other.from(key)]);
  });

  it('gives every member once, clockwise', () => {
    const ring = ringOf(names(7));
    for (const key of keys.slice(0, 100)) expect([...ring.from(key)].sort()).toEqual(names(7));
  });

  it('gives weight its share, and moves no other keys when it changes', () => {
    const ring = new HashRing();
    const others = evenly(names(9));
    ring.set(others);
    const before = keys.map((key) => owner(ring, key));
    ring.set(new Map([...others, ['heavy', 3]]));
    const after = keys.map((key) => owner(ring, key));
    const moved = after.filter((name, index) => name !== before[index]);
    expect(new Set(moved)).toEqual(new Set(['heavy']));
    expect(moved.length).toBeGreaterThan((0.7 * keys.length * 3) / 12);
    expect(moved.length).toBeLessThan((1.35 * keys.length * 3) / 12);
    ring.set(new Map([...others, ['heavy', 1]]));
    ring.set(others);
    expect(keys.map((key) => owner(ring, key))).toEqual(before);
  });

  it('takes a thousand members at once, and one more, without standing still', () => {
    const ring = ringOf(names(1_000));
    expect(ring.size).toBe(1_000);
    const before = keys.map((key) => owner(ring, key));
    ring.set(evenly([...names(1_000), 'one more']));
    const moved = keys.filter((key, index) => owner(ring, key) !== before[index]);
    expect(moved.length).toBeLessThan(100);
    expect(moved.length).toBeGreaterThan(0);
  });
});
