import { describe, expect, it } from 'vitest';
import type { Moment, Seen } from './messages.ts';
import { isExact, judge } from './verdict.ts';

const moments = (...of: readonly (readonly [version: number, atMs: number])[]): Moment[] =>
  of.map(([version, atMs]) => ({ index: 7, version, atUs: atMs * 1_000 }));

// Ready, draining, gone, starting again.
const made = moments([1, 0], [2, 4_000], [3, 8_000], [4, 12_000]);
const listedUs = new Map([[7, 9_000_000]]);
const outage = { fromUs: 7_000_000, listedUs, settleUs: 10_000_000 };

function seen(of: Moment[], list: Seen['list'] = [[7, 4]]): Seen {
  return { moments: of, openedUs: 8_500_000, equalViews: 0, list };
}

describe('the verdict', () => {
  it('is exact when each change is seen once, in order, and the list is right', () => {
    const verdict = judge(made, [seen(moments([1, 5], [2, 4_003], [3, 8_004], [4, 12_005]))]);
    expect(verdict).toMatchObject({ made: 3, seen: 3, missed: 0, repeated: 0 });
    expect(verdict.latencies.map(({ ms }) => ms)).toEqual([3, 4, 5]);
    expect(isExact(verdict)).toBe(true);
  });

  it.each([
    ['missed', moments([1, 5], [2, 4_003], [4, 12_005])],
    ['repeated', moments([1, 5], [2, 4_003], [2, 4_004], [3, 8_004], [4, 12_005])],
    ['repeated', moments([1, 5], [2, 4_003], [3, 8_004], [2, 8_005], [4, 12_005])],
    ['invented', moments([1, 5], [2, 4_003], [3, 8_004], [4, 12_005], [5, 12_006])],
    ['wrongLists', moments([1, 5], [2, 4_003], [3, 8_004], [4, 12_005])],
  ] as const)('counts what was %s', (what, of) => {
    const verdict = judge(made, [seen([...of], what === 'wrongLists' ? [] : [[7, 4]])]);
    expect(verdict[what]).toBe(1);
    expect(isExact(verdict)).toBe(false);
  });

  it('counts views that show nothing new, and instances that never were', () => {
    const exact = moments([1, 5], [2, 4_003], [3, 8_004], [4, 12_005]);
    expect(judge(made, [{ ...seen(exact), equalViews: 2 }]).repeated).toBe(2);
    const stranger = { index: 8, version: 1, atUs: 1 };
    const verdict = judge(made, [seen([...exact, stranger], [...seen(exact).list, [8, 1]])]);
    expect(verdict).toMatchObject({ invented: 1, wrongLists: 1 });
  });

  it('lets a change be overtaken by the next only around an outage', () => {
    const withoutGoodbye = [seen(moments([1, 5], [2, 4_003], [4, 12_005]))];
    expect(judge(made, withoutGoodbye, outage)).toMatchObject({ missed: 0, overtaken: 1 });
    const earlier = { ...outage, settleUs: 3_000_000 };
    expect(judge(made, withoutGoodbye, earlier)).toMatchObject({ missed: 1, overtaken: 0 });
    const withoutDraining = [seen(moments([1, 5], [3, 8_004], [4, 12_005]))];
    expect(judge(made, withoutDraining, outage)).toMatchObject({ missed: 0, overtaken: 1 });
    const later = { ...outage, fromUs: 8_500_000 };
    expect(judge(made, withoutDraining, later)).toMatchObject({ missed: 1, overtaken: 0 });
    const sooner = [{ ...seen(moments([1, 5], [3, 8_004], [4, 12_005])), openedUs: 7_300_000 }];
    const back = { ...outage, listedUs: new Map([[7, 7_600_000]]) };
    expect(judge(made, sooner, back)).toMatchObject({ missed: 1, overtaken: 0 });
  });

  it('misses the last change whatever happened', () => {
    const verdict = judge(made.slice(0, 3), [seen(moments([1, 5], [2, 4_003]), [[7, 2]])], outage);
    expect(verdict).toMatchObject({ missed: 1, overtaken: 0, wrongLists: 1 });
  });
});
