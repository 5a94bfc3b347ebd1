import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { MassHold } from './mass-hold.ts';

const { massExpiryMin, massExpiryHoldMs, massExpiryRecoverMs } = limits;
const most = { due: 1, failing: massExpiryMin, total: 2 * massExpiryMin - 1 };
const few = { due: 1, failing: 1, total: 2 * massExpiryMin - 1 };

describe('what fails together', () => {
  it.each([
    ['few of many', few, 'free'],
    ['half', { ...most, total: 2 * massExpiryMin }, 'free'],
    ['all of very few', { due: 1, failing: massExpiryMin - 1, total: massExpiryMin - 1 }, 'free'],
    ['most, but nothing is due', { ...most, due: 0 }, 'free'],
    ['most', most, 'begun'],
  ] as const)('%s', (_, sighting, verdict) => {
    const hold = new MassHold();
    expect(hold.judge(sighting, 0)).toBe(verdict);
    expect(hold.untilMs).toBe(verdict === 'begun' ? massExpiryHoldMs : undefined);
  });

  it('is held for a limited time, and seen as it is now', () => {
    const hold = new MassHold();
    hold.judge(most, 0);
    expect(hold.judge({ ...most, failing: most.total }, massExpiryHoldMs - 1)).toBe('held');
    const { total } = most;
    expect(hold.at(massExpiryHoldMs - 1)).toEqual({ failing: total, total, remainingMs: 1 });
    expect(hold.at(massExpiryHoldMs + 1)).toEqual({ failing: total, total, remainingMs: 0 });
    expect(hold.judge(most, massExpiryHoldMs)).toBe('released');
    expect(hold.at(massExpiryHoldMs)).toBeUndefined();
  });

  it('is held for a moment more once most are back, and never longer than at first', () => {
    const hold = new MassHold();
    hold.judge(most, 0);
    expect(hold.judge(few, 1_000)).toBe('held');
    expect(hold.untilMs).toBe(1_000 + massExpiryRecoverMs);
    // That it comes and goes does not begin the moment anew.
    expect([hold.judge(most, 2_000), hold.judge(few, 3_000)]).toEqual(['held', 'held']);
    expect(hold.untilMs).toBe(1_000 + massExpiryRecoverMs);
    expect(hold.judge(few, 1_000 + massExpiryRecoverMs)).toBe('released');
    hold.judge(most, 0);
    hold.judge(few, massExpiryHoldMs - 1);
    expect(hold.untilMs).toBe(massExpiryHoldMs);
  });

  it('is over as soon as nothing is due, and may begin again', () => {
    const hold = new MassHold();
    hold.judge(most, 0);
    expect(hold.judge({ ...most, due: 0 }, 1)).toBe('free');
    expect(hold.untilMs).toBeUndefined();
    expect(hold.judge(most, 2)).toBe('begun');
  });

  it('is held for longer by the time in which nobody could come back', () => {
    const hold = new MassHold();
    hold.extend(500);
    hold.judge(most, 0);
    hold.extend(500);
    expect(hold.judge(most, massExpiryHoldMs)).toBe('held');
    expect(hold.untilMs).toBe(massExpiryHoldMs + 500);
  });
});
