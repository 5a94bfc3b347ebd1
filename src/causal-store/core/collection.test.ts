import { expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { claim, opening, write } from '../testing/records.ts';
import { Collection } from './collection.ts';
import type { Effect } from './events.ts';
import { Ledger } from './ledger.ts';

function collectionWith(...records: Parameters<Ledger['state']['apply']>[0][]) {
  const ledger = new Ledger({ group: 0, append: () => {} });
  ledger.state.members.found(['a:1', 'b:1']);
  for (const record of records) ledger.state.apply(record);
  const reports: Effect[] = [];
  return {
    ledger,
    reports,
    collection: new Collection({ ledger, emit: (effect) => reports.push(effect) }),
  };
}

const all = (): string[] => ['a:1', 'b:1'];
const tombstone = write('a2', { value: undefined });

it('asks for a claim when nothing has moved for long, ever more rarely, while everybody is there', () => {
  const { collection } = collectionWith(tombstone);
  const asked: number[] = [];
  for (let second = 1; second <= 240; second++) {
    if (collection.isStuck(second * 1_000, all)) asked.push(second);
  }
  expect(asked).toEqual([16, 47, 108, 229]);
  expect(collection.isStuck(limits.nudgeMsMax * 10, () => ['a:1'])).toBe(false);
});

it('asks for nothing where there is no tombstone', () => {
  expect(collectionWith(write('a1')).collection.isStuck(limits.nudgeMsMax, all)).toBe(false);
});

it('waits anew when something has moved', () => {
  const records = [opening('a1'), opening('b1'), tombstone, claim('b2', 'a2'), claim('a3', 'b2')];
  const { collection, ledger, reports } = collectionWith(...records);
  const isStuck = (nowMs: number): boolean => collection.isStuck(nowMs, all);
  expect([isStuck(0), isStuck(limits.nudgeMs - 1)]).toEqual([false, false]);
  collection.settle();
  expect(reports).toEqual([{ type: 'report', report: { type: 'collected', tombstones: 1 } }]);
  ledger.state.apply(write('b3', { value: undefined, key: 'l' }));
  expect([isStuck(limits.nudgeMs), isStuck(2 * limits.nudgeMs)]).toEqual([false, true]);
});
