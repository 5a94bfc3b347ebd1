import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { dot, dots, id, vector } from '../testing/records.ts';
import { Claims } from './claims.ts';

const members = [id('a'), id('b'), id('c')];

/** `b2: a5` is the claim of b, its record 2, that covers a up to 5. */
function claims(...lines: readonly string[]): Claims {
  const made = new Claims();
  for (const line of lines) add(made, line);
  return made;
}

function add(to: Claims, line: string): void {
  const [at = '', covers = ''] = line.split(': ');
  to.add(dot(at), dots(covers));
}

describe('what a claimer has applied', () => {
  it('is what it claimed last at or before a record of its own', () => {
    const some = claims('b2: a5', 'b4: a7 c1', 'b9: a8');
    expect([1, 2, 3, 4, 8, 9, 99].map((at) => some.covered(id('b'), at, id('a')))).toEqual([
      0, 5, 5, 7, 7, 8, 8,
    ]);
    expect(some.covered(id('b'), 99, id('c'))).toBe(1);
    expect(some.covered(id('b'), 7, id('b'))).toBe(7);
    expect(some.covered(id('c'), 7, id('a'))).toBe(0);
    expect(some.latest(id('b'))).toBe(9);
  });

  it('never falls, whatever comes again', () => {
    const some = claims('b2: a5', 'b4: a3', 'b2: a9', 'b1: a9');
    expect(some.covered(id('b'), 99, id('a'))).toBe(5);
    expect(some.latest(id('b'))).toBe(4);
  });

  it('is remembered in a bounded number of steps, the first among them', () => {
    const some = new Claims();
    for (let at = 1; at <= 100; at++) some.add({ origin: id('b'), sequence: at }, dots(`a${at}`));
    const [entry] = [...some.entries()];
    expect(entry?.steps).toHaveLength(limits.claimStepsMax);
    expect(some.covered(id('b'), 1, id('a'))).toBe(1);
    expect(some.covered(id('b'), 50, id('a'))).toBe(1);
    expect(some.covered(id('b'), 100, id('a'))).toBe(100);
  });
});

describe('what is stable', () => {
  it('takes two rounds: what all have claimed, in claims that all have claimed', () => {
    const some = claims('a1: a1', 'a2: b5 c1', 'b6: a2 c1', 'c2: a2 b6');
    // Everybody has b5; a does not know yet that b and c do.
    some.settle(members);
    expect(some.stable.get(id('b'))).toBeUndefined();
    add(some, 'a3: b6 c2');
    // Now a has the claims b6 and c2; b and c have to have them, and a3, as well.
    some.settle(members);
    expect(some.stable.get(id('b'))).toBeUndefined();
    add(some, 'b7: a3 c2');
    add(some, 'c3: a3 b7');
    some.settle(members);
    expect(some.stable.get(id('b'))).toBeGreaterThanOrEqual(5);
    expect(some.stable.get(id('a'))).toBeGreaterThanOrEqual(1);
  });

  it('is held back by a single member that claims nothing, and goes on without it once it is none', () => {
    const some = claims('a1: b5', 'b6: a1', 'a2: b6', 'b7: a2');
    expect(some.settle(members)).toBe(false);
    expect(some.stable.size).toBe(0);
    expect(some.settle([id('a'), id('b')])).toBe(true);
    expect(some.stable.get(id('b'))).toBe(6);
  });

  it('never falls: not by a new member, nor by a restored part', () => {
    const some = claims('a1: b5', 'b6: a1', 'a2: b6', 'b7: a2');
    some.settle([id('a'), id('b')]);
    some.settle(members);
    some.restore(vector('b3 c9'));
    expect(some.stable.get(id('b'))).toBe(6);
    expect(some.stable.get(id('c'))).toBe(9);
  });

  it('is nothing without members', () => {
    expect(claims('a1: b5').settle([])).toBe(false);
  });
});
