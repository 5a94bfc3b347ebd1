import { describe, expect, it } from 'vitest';
import { dot, dots, id, opening, vector, write } from '../testing/records.ts';
import { versionOf } from './record.ts';
import { rejoin } from './rejoin.ts';
import { emptyStage, Scan, type Staged, stageChunk } from './scan.ts';
import { State } from './state.ts';

const was = { node: id('1'), start: 2, origin: id('a'), address: 'x:1' };
const becomes = {
  ...{ node: id('2'), start: 1, origin: id('f'), address: 'x:1' },
  ...{ stamp: 100, leaves: undefined, group: 0 },
};

/** The state of the others, as a snapshot brings it. */
function snapshotOf(state: State): Staged {
  const staged = emptyStage();
  stageChunk(staged, new Scan(state).next() ?? Buffer.alloc(0));
  return staged;
}

/** What both had in common: a key of b, and the opening of a. */
function common(): State {
  const state = new State();
  state.apply(opening('b1', { stamp: 1 }));
  state.apply(opening('a1', { node: was.node, start: 2, stamp: 1 }));
  state.apply(write('b2', { key: 'k', stamp: 10 }));
  return state;
}

/** Comes back with these writes that the others do not have, to others that have those. */
function comeBack(own: readonly ReturnType<typeof write>[], theirs: readonly ReturnType<typeof write>[]) {
  const old = common();
  const others = common();
  for (const each of own) old.apply(each);
  for (const each of theirs) others.apply(each);
  return {
    old,
    others,
    back: (): ReturnType<typeof rejoin> => rejoin(old, snapshotOf(others), was, becomes),
  };
}

describe('a replica that comes back', () => {
  it('opens another incarnation, behind all that the others have', () => {
    const { records, state } = comeBack([write('a2', { stamp: 20 })], []).back();
    expect(records[0]).toMatchObject({
      kind: 'opening',
      origin: id('f'),
      sequence: 1,
      stamp: 100,
      dependencies: dots('b2 a1'),
      node: id('2'),
      abandons: [id('a')],
    });
    expect(state.covers(dot('a2'))).toBe(true);
  });

  it('hands a write in again that wins, under the version it had', () => {
    const mine = write('a2', { stamp: 20 });
    const { records, state } = comeBack([mine], []).back();
    expect(records[1]).toMatchObject({ kind: 'write', origin: id('f'), sequence: 2, stamp: 100 });
    expect(records[1] && versionOf(records[1])).toEqual({ stamp: 20, ...dot('a2') });
    expect(state.table.get('k')?.value).toBe(mine.value);
  });

  it('gives up a write that loses, to a value or to a delete that is known', () => {
    const value = comeBack([write('a2', { stamp: 20 })], [write('b3', { stamp: 30 })]).back();
    expect([value.records.length, value.quarantined]).toEqual([1, []]);
    expect(value.state.table.get('k')?.value).toBe('"b3"');
    const deleted = comeBack(
      [write('a2', { stamp: 20 })],
      [write('b3', { stamp: 30, value: undefined })],
    ).back();
    expect([deleted.records.length, deleted.quarantined]).toEqual([1, []]);
  });

  it('lets go what was deleted and forgotten meanwhile', () => {
    const { others, back } = comeBack([], [write('b3', { stamp: 30, value: undefined })]);
    others.table.collect(vector('b3'));
    const { state, records, quarantined } = back();
    expect(state.table.get('k')).toBeUndefined();
    expect([records.length, quarantined]).toEqual([1, []]);
  });

  it('sets aside what may have been deleted, and hands in what is later than all that was forgotten', () => {
    const mine = [write('a2', { key: 'k', stamp: 20 }), write('a3', { key: 'l', stamp: 40 })];
    const { others, back } = comeBack(mine, [write('b3', { stamp: 30, value: undefined })]);
    others.table.collect(vector('b3'));
    const { state, records, quarantined } = back();
    expect(quarantined).toEqual([{ key: 'k', value: '"a2"', stamp: 20, dot: `${id('a')}:2` }]);
    expect(records.slice(1).map((each) => each.kind === 'write' && each.key)).toEqual(['l']);
    expect([...state.table.writes()].map(({ key }) => key)).toEqual(['l']);
  });

  it('hands in deletes as well, also of what the others do not have yet', () => {
    const wins = comeBack([write('a2', { stamp: 20, value: undefined })], []).back();
    expect(wins.state.table.get('k')?.value).toBeUndefined();
    expect(wins.records).toHaveLength(2);
    // Its own next write may depend on the delete, and so must not be shown beside what that deleted.
    const early = comeBack([write('a2', { key: 'other', stamp: 20, value: undefined })], []).back();
    expect(early.records).toHaveLength(2);
    early.state.apply(write('b3', { key: 'other', stamp: 11 }));
    expect(early.state.table.get('other')?.value).toBeUndefined();
  });

  it('vouches for what of others it had and they lack now: nobody waits for that in vain', () => {
    const { back, others } = comeBack(
      [write('a2', { stamp: 20 }), write('b3', { key: 'o', stamp: 12 })],
      [],
    );
    const { records, state } = back();
    expect(records[0]).toMatchObject({ abandons: [id('a')], vouches: dots('b3'), handsIn: 2 });
    expect(state.covers(dot('b3'))).toBe(true);
    for (const each of records) others.apply(each);
    expect(others.coversAll(dots('a2 b3'))).toBe(true);
    expect(others.table.get('o')?.value).toBe('"b3"');
    expect(others.covers(dot('b4'))).toBe(false);
    // It comes back once more, to others that heard nothing of that.
    const again = { ...becomes, node: id('3'), origin: id('e'), stamp: 200 };
    const second = rejoin(state, snapshotOf(common()), becomes, again);
    expect(second.records[0]).toMatchObject({ vouches: dots('b3') });
  });

  it('keeps the first version of what it hands in a second time, and abandons what it had abandoned', () => {
    const first = comeBack([write('a2', { stamp: 20 })], []).back();
    const again = { ...becomes, node: id('3'), origin: id('e'), stamp: 200 };
    const second = rejoin(first.state, snapshotOf(common()), becomes, again);
    expect(second.records[1] && versionOf(second.records[1])).toEqual({ stamp: 20, ...dot('a2') });
    const others = common();
    for (const each of second.records) others.apply(each);
    expect(others.coversAll(dots('a2 f2'))).toBe(true);
    expect(others.table.get('k')?.value).toBe('"a2"');
  });

  it('does the same from the same journal', () => {
    const mine = [5, 3, 4, 2].map((n) => write(`a${n}`, { key: `k${n}`, stamp: 20 + n }));
    const { back } = comeBack(mine, []);
    expect(back().records).toEqual(back().records);
    const shuffledBack = comeBack(mine.toReversed(), []).back();
    expect(shuffledBack.records).toEqual(back().records);
    expect(back().records.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5]);
  });

  it('gives all that take its records the state it has', () => {
    const mine = [write('a2', { stamp: 20 }), write('a3', { key: 'l', stamp: 5 })];
    const { others, back } = comeBack(mine, [write('b3', { key: 'm', stamp: 15 })]);
    const { state, records } = back();
    for (const each of records) others.apply(each);
    const keys = (of: State): unknown[] =>
      [...of.table.writes()].map(({ key, value }) => [key, value]).sort();
    expect(keys(others)).toEqual(keys(state));
    expect(others.applied).toEqual(state.applied);
  });
});
