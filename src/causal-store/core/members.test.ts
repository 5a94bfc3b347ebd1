import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { id, member, opening } from '../testing/records.ts';
import { forSeeds, pick, shuffled } from '../testing/seeds.ts';
import { isAwaited, isFormal, Members } from './members.ts';
import type { MemberChange, Opening } from './record.ts';

function changed(changes: readonly (MemberChange | Opening)[], list: readonly string[] = []): Members {
  const members = new Members();
  members.found(list);
  for (const change of changes) {
    if (change.kind === 'opening') members.open(change);
    else members.change(change);
  }
  return members;
}

function all(members: Members) {
  return new Map([...members.all()].map((each) => [each.address, each]));
}

function present(members: Members): string[] {
  return members.present().map(({ address }) => address);
}

function randomChange(prng: Prng, sequence: number): MemberChange | Opening {
  const word = `${pick(prng, ['a', 'b', 'c'])}${sequence}`;
  const address = `x:${1 + prng.below(3)}`;
  const stamp = prng.below(6);
  const node = id(pick(prng, ['1', '2']));
  const leaves = prng.chance(0.3) ? `x:${1 + prng.below(3)}` : undefined;
  if (prng.chance(0.5)) return opening(word, { address, stamp, node, leaves });
  const [isPresent, isNamed] = [prng.chance(0.5), prng.chance(0.5)];
  const rebinds = isPresent && isNamed && prng.chance(0.5);
  return member(word, { address, stamp, present: isPresent, who: isNamed ? node : undefined, rebinds });
}

describe('members', () => {
  it('are the same in whatever order their changes come, and however often', () => {
    forSeeds(200, (prng) => {
      const list = prng.chance(0.5) ? ['x:1', 'x:2'] : [];
      const changes = Array.from({ length: 8 }, (_, index) => randomChange(prng, index + 1));
      const one = changed(changes, list);
      const two = changed(shuffled(prng, [...changes, ...changes.slice(0, 3)]), list);
      expect(all(two)).toEqual(all(one));
      expect(present(two)).toEqual(present(one));
      const merged = changed(changes.slice(4));
      for (const each of changed(changes.slice(0, 4), list).all()) merged.merge(each);
      expect(all(merged)).toEqual(all(one));
    });
  });

  it('stand in the order of the first list, then in that in which they joined', () => {
    const joined = [
      member('a9', { address: 'late:1', present: true, who: id('9') }),
      member('a5', { address: 'early:1', present: true, who: id('5') }),
    ];
    expect(present(changed(joined, ['one:1', 'two:1']))).toEqual(['one:1', 'two:1', 'early:1', 'late:1']);
  });

  it('are changed by starts no more than the list says, and by a word always', () => {
    const list = ['x:1', 'x:2'];
    const removed = member('b1', { address: 'x:1', present: false, stamp: 1 });
    expect(present(changed([removed, opening('a1', { address: 'x:1', stamp: 99 })], list))).toEqual([
      'x:2',
    ]);
    const named = member('b2', { address: 'x:1', present: true, stamp: 2 });
    expect(present(changed([removed, named], list))).toEqual(['x:2', 'x:1']);
  });

  it('are awaited until somebody speaks for them, and formal once a word has placed them', () => {
    const listed = changed([], ['x:1']).get('x:1');
    const opened = changed([opening('a1', { address: 'x:1' })], ['x:1']).get('x:1');
    const joined = changed([member('b1', { address: 'x:1', present: true, who: id('a') })]).get('x:1');
    expect([listed, opened, joined].map((each) => each && [isAwaited(each), isFormal(each)])).toEqual([
      [true, false],
      [false, false],
      [false, true],
    ]);
  });

  it('go on being what an operator says while who speaks for them changes', () => {
    const joined = member('b2', { address: 'x:1', present: true, who: id('a'), rebinds: true, stamp: 9 });
    const removed = member('b1', { address: 'x:1', present: false, stamp: 5 });
    for (const changes of [
      [removed, joined],
      [joined, removed],
    ]) {
      const members = changed(changes, ['x:1', 'x:2']);
      expect(present(members)).toEqual(['x:2']);
      expect(members.get('x:1')?.binding.node).toBe(id('a'));
    }
    expect(present(changed([joined]))).toEqual([]);
    expect(present(changed([joined], ['x:1', 'x:2']))).toEqual(['x:1', 'x:2']);
  });

  it('leave the place they spoke from when they come from another', () => {
    const moved = opening('a2', { address: 'new:1', leaves: 'x:1', node: id('a') });
    const members = changed([moved], ['x:1', 'x:2']);
    expect(present(members)).toEqual(['x:2', 'new:1']);
    expect(members.get('new:1')?.binding.node).toBe(id('a'));
  });

  it('are as many as there can be, former ones included, and those known may be named again', () => {
    const members = changed(
      [],
      Array.from({ length: limits.membersMax - 1 }, (_, index) => `m${index}:1`),
    );
    expect(members.hasRoomFor('new:1')).toBe(true);
    for (let index = 0; index <= limits.addressesMax; index++) {
      members.change(member(`a${index + 1}`, { address: `f${index}:1`, present: false }));
    }
    expect([members.hasRoomFor('new:1'), members.hasRoomFor('f1:1')]).toEqual([false, true]);
    members.change(member('b1', { address: 'f1:1', present: true, stamp: 2 ** 40 }));
    expect(members.hasRoomFor('f2:1')).toBe(false);
  });
});
