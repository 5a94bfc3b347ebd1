import { describe, expect, it } from 'vitest';
import { claim, dot, dots, id, member, opening, write } from '../testing/records.ts';
import { forSeeds, pick } from '../testing/seeds.ts';
import type { Dot, StoreRecord } from './record.ts';
import { emptyStage, Scan, stageChunk } from './scan.ts';
import { State } from './state.ts';
import { coversAll, sequenceOf } from './vector.ts';

const records: readonly StoreRecord[] = [
  opening('a1', { address: 'x:1', stamp: 1 }),
  write('a2', { key: 'k', stamp: 5 }),
  write('a3', { key: 'l', stamp: 6, value: undefined }),
  opening('b1', { address: 'y:1', stamp: 2 }),
  write('b2', { key: 'k', stamp: 5, after: 'a1' }),
  claim('b3', 'a2'),
  member('b4', { address: 'z:1', present: true, who: id('c'), stamp: 8 }),
  opening('c1', { address: 'z:1', stamp: 9, after: 'b4' }),
  write('c2', { key: 'l', stamp: 7, after: 'a3' }),
];

function described(state: State): unknown {
  return {
    applied: [...state.applied].sort(),
    values: ['k', 'l'].map((key) => state.table.get(key)),
    members: state.members.present(),
    current: ['a', 'b', 'c'].map((letter) => state.nodes.current(id(letter))),
    covered: ['a', 'b', 'c'].map((letter) => state.claims.covered(id('b'), 99, id(letter))),
    stampMax: state.stampMax,
  };
}

/** In a random order that causality allows. */
function applyAll(state: State, choose: (open: readonly StoreRecord[]) => StoreRecord): void {
  let left = records;
  while (left.length > 0) {
    const open = left.filter(
      ({ origin, sequence, dependencies }) =>
        sequenceOf(state.applied, origin) === sequence - 1 && coversAll(state.applied, dependencies),
    );
    const next = choose(open);
    state.apply(next);
    left = left.filter((each) => each !== next);
  }
}

describe('a state', () => {
  it('is the same in whatever causal order its records came', () => {
    const reference = new State();
    applyAll(reference, ([first]) => first as StoreRecord);
    forSeeds(100, (prng) => {
      const state = new State();
      applyAll(state, (open) => pick(prng, open));
      expect(described(state)).toEqual(described(reference));
    });
  });

  it('covers what it has applied', () => {
    const state = new State();
    state.apply(write('a1'));
    expect(state.covers(dot('a1'))).toBe(true);
    expect(state.coversAll(dots('a1 b1'))).toBe(false);
    expect(state.coversAll([])).toBe(true);
  });

  it('holds everything stable back while nobody speaks for a member', () => {
    const state = new State();
    state.members.found(['x:1', 'y:1']);
    state.apply(opening('a1', { address: 'x:1' }));
    state.apply(claim('a2', ''));
    expect(state.settle()).toBe(false);
    state.apply(opening('b1', { address: 'y:1', after: 'a2' }));
    state.apply(claim('a3', 'b1'));
    state.apply(claim('b2', 'a3'));
    expect(state.settle()).toBe(true);
    expect(sequenceOf(state.claims.stable, id('a'))).toBeGreaterThanOrEqual(2);
  });

  it('forgets what a removed replica claimed, whether its claim or the removal comes first', () => {
    const removal = member('b1', { address: 'x:1', present: false, who: id('a') });
    for (const isLate of [false, true]) {
      const state = new State();
      state.apply(opening('a1', { address: 'x:1', node: id('1'), after: 'c1' }));
      if (isLate) state.apply(removal);
      state.apply(claim('a2', 'c2'));
      if (!isLate) state.apply(removal);
      expect([...state.claims.entries()]).toEqual([]);
      expect(state.claims.latest(id('a'))).toBe(2);
    }
  });

  it('forgets what ended incarnations claimed, whenever it comes, and remembers how far they were', () => {
    const node = id('1');
    const first = [opening('a1', { node, start: 1 }), claim('a2', 'b1')];
    const second = opening('c1', { node, start: 2 });
    const orders = [
      [...first, second],
      [first[0] as StoreRecord, second, first[1] as StoreRecord],
    ];
    for (const order of orders) {
      const state = new State();
      for (const record of order) state.apply(record);
      expect([...state.claims.entries()].map(({ claimer }) => claimer)).not.toContain(id('a'));
      expect(state.claims.latest(id('a'))).toBe(2);
      const staged = emptyStage();
      stageChunk(staged, new Scan(state).next() ?? Buffer.alloc(0));
      const copy = new State();
      staged.header?.mergeInto(copy);
      expect(copy.claims.latest(id('a'))).toBe(2);
    }
  });

  it.each([
    ['of the same disks', (start: number) => String((start % 3) + 1).repeat(16)],
    ['each with a new disk', (start: number) => start.toString(16).padStart(16, 'd')],
  ])('does not grow with the square of the starts, %s', (_, nodeOf) => {
    const bytesAfter = (starts: number): number => {
      const state = new State();
      const dependencies: Dot[] = [];
      for (let start = 1; start <= starts; start++) {
        const origin = start.toString(16).padStart(16, '0');
        const address = `${start % 3}:1`;
        state.apply({
          ...opening('a1', { node: nodeOf(start), address, start, stamp: start }),
          origin,
          dependencies: [...dependencies],
        });
        dependencies.push({ origin, sequence: 1 });
      }
      return new Scan(state).next()?.byteLength ?? 0;
    };
    expect(bytesAfter(800) / bytesAfter(400)).toBeLessThan(2.1);
  });
});
