import { describe, expect, it } from 'vitest';
import type { Instance } from '../../calls/index.ts';
import { Prng } from '../../std/index.ts';
import { KnownList } from './known-list.ts';

const instance = (id: string, incarnation: string): Instance => ({
  id,
  incarnation,
  host: '127.0.0.1',
  port: 80,
  state: 'ready',
  weight: 1,
});

const registered = (id: string, incarnation: string) => ({
  service: 'a',
  instance: instance(id, incarnation),
});

/** What is shown, worked out anew from all that is listed and kept. */
class Naive {
  listed = new Map<string, string>();
  kept = new Map<string, string>();

  shown(): string[] {
    return [...new Map([...this.listed, ...this.kept])].map(([id, from]) => `${id} ${from}`).sort();
  }
}

describe('KnownList', () => {
  it('shows the same array until something changes, and never changes one it has shown', () => {
    const list = new KnownList();
    list.replace([registered('a-2', 'i1'), registered('a-1', 'i1')]);
    const first = list.shown();
    expect(first.map(({ id }) => id)).toEqual(['a-1', 'a-2']);
    expect(list.shown()).toBe(first);
    list.apply({ kind: 'put', revision: 2, service: 'a', instance: instance('a-0', 'i1') }, false);
    expect(first).toHaveLength(2);
    expect(list.shown().map(({ id }) => id)).toEqual(['a-0', 'a-1', 'a-2']);
  });

  it('shows what a list worked out anew would, through random histories', () => {
    for (let seed = 1; seed <= 100; seed++) play(seed);
  });
});

/** Incarnations never change here: who replaces whom is another test's. */
function play(seed: number): void {
  const prng = new Prng(seed);
  const list = new KnownList();
  const naive = new Naive();
  for (let revision = 1; revision <= 200; revision++) {
    const id = `a-${prng.below(12)}`;
    const choice = prng.below(10);
    if (choice === 0) {
      const ids = Array.from({ length: 12 }, (_, index) => `a-${index}`).filter(() => prng.chance(0.5));
      for (const [known, from] of naive.listed) if (!naive.kept.has(known)) naive.kept.set(known, from);
      naive.listed = new Map(ids.map((each) => [each, 'i1']));
      for (const each of ids) naive.kept.delete(each);
      list.replace(ids.map((each) => registered(each, 'i1')));
    } else if (choice === 1) {
      naive.kept.clear();
      list.settle();
    } else if (choice < 6) {
      naive.listed.set(id, 'i1');
      naive.kept.delete(id);
      list.apply({ kind: 'put', revision, service: 'a', instance: instance(id, 'i1') }, false);
    } else {
      const why = prng.chance(0.5) ? ('withdrawn' as const) : ('expired' as const);
      const keepExpired = prng.chance(0.5);
      if (why === 'withdrawn') naive.kept.delete(id);
      if (naive.listed.delete(id) && why === 'expired' && keepExpired && !naive.kept.has(id)) {
        naive.kept.set(id, 'i1');
      }
      list.apply({ kind: 'remove', revision, service: 'a', id, incarnation: 'i1', why }, keepExpired);
    }
    const shown = list.shown().map(({ id: each, incarnation }) => `${each} ${incarnation}`);
    expect([...shown].sort(), `seed ${seed}`).toEqual(naive.shown());
    expect(shown, `seed ${seed}`).toEqual(
      [...shown].sort((left, right) => (idOf(left) < idOf(right) ? -1 : 1)),
    );
    expect(list.kept, `seed ${seed}`).toBe(naive.kept.size);
  }
}

const idOf = (text: string): string => text.split(' ', 1)[0] as string;
