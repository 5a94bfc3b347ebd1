import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import { type MakeStage, on, type Stage } from './stage.ts';

export interface ClockStage extends Stage {
  readonly clock: Clock;
}

/** What every Clock does. */
export function clockAcceptance(name: string, make: MakeStage<ClockStage>): void {
  describe(`Clock: ${name}`, () => {
    it('never goes back and goes on', on(make, neverGoesBack));
    it('shows a wall time that goes on', on(make, showsWallTime));
    it('fires a timer once, after setTimer has returned', on(make, firesOnceLater));
    it('never fires early', on(make, neverFiresEarly));
    it('fires timers in the order they are due', on(make, firesInDueOrder));
    it('fires timers of the same moment in the order they were set', on(make, keepsOrderOfSetting));
    it('does not fire a cancelled timer', on(make, cancelledDoesNotFire));
    it('lets a timer cancel another that is due', on(make, cancelsAmongDue));
    it('takes a cancel after the firing, twice, and from inside', on(make, cancelIsHarmless));
    it('counts a negative delay as none', on(make, negativeIsZero));
    it('does not fire what is due in a month, or never', on(make, farIsNotNow));
    it('lets a timer set the next one', on(make, chains));
    it('forgets thousands of cancelled timers', on(make, manyCancelled));
  });
}

async function neverGoesBack({ clock, until }: ClockStage): Promise<void> {
  const startMs = clock.nowMs();
  let lastMs = startMs;
  for (let read = 0; read < 1000; read++) {
    const nowMs = clock.nowMs();
    expect(nowMs).toBeGreaterThanOrEqual(lastMs);
    lastMs = nowMs;
  }
  let fired = false;
  clock.setTimer(5, () => {
    fired = true;
  });
  await until(() => fired, 'the timer fires');
  expect(clock.nowMs()).toBeGreaterThanOrEqual(startMs + 5);
}

async function showsWallTime({ clock, until }: ClockStage): Promise<void> {
  const startMs = clock.wallMs();
  expect(startMs).toBeGreaterThan(Date.UTC(2020, 0, 1));
  expect(startMs).toBeLessThan(Date.UTC(2100, 0, 1));
  let fired = false;
  clock.setTimer(50, () => {
    fired = true;
  });
  await until(() => fired, 'the timer fires');
  // A wall clock may be adjusted meanwhile; this much it is not.
  expect(clock.wallMs() - startMs).toBeGreaterThan(25);
}

async function firesOnceLater({ clock, until }: ClockStage): Promise<void> {
  let fired = 0;
  let returned = false;
  for (const delayMs of [0, 1, 3]) {
    returned = false;
    clock.setTimer(delayMs, () => {
      expect(returned).toBe(true);
      fired++;
    });
    expect(fired).toBe(0);
  }
  returned = true;
  let over = false;
  clock.setTimer(20, () => {
    over = true;
  });
  await until(() => over, 'all timers fire');
  expect(fired).toBe(3);
}

async function neverFiresEarly({ clock, until }: ClockStage): Promise<void> {
  const early: string[] = [];
  let open = 0;
  for (let index = 0; index < 300; index++) {
    const delayMs = (index * 7.37) % 40;
    const setMs = clock.nowMs();
    open++;
    clock.setTimer(delayMs, () => {
      const tookMs = clock.nowMs() - setMs;
      if (tookMs < delayMs) early.push(`${delayMs} ms fired after ${tookMs} ms`);
      open--;
    });
  }
  await until(() => open === 0, 'all timers fire');
  expect(early).toEqual([]);
}

async function firesInDueOrder({ clock, until }: ClockStage): Promise<void> {
  const fired: { readonly soonestMs: number; readonly latestMs: number }[] = [];
  const delaysMs = [12.5, 3.25, 30, 3, 12, 0.5, 22.75, 1, 12.25, 29.5];
  for (const delayMs of delaysMs) {
    // Due somewhere in between; the two are nearly equal.
    const due = { soonestMs: clock.nowMs() + delayMs, latestMs: 0 };
    clock.setTimer(delayMs, () => fired.push(due));
    due.latestMs = clock.nowMs() + delayMs;
  }
  await until(() => fired.length === delaysMs.length, 'all timers fire');
  for (let index = 1; index < fired.length; index++) {
    const soonestMs = fired[index - 1]?.soonestMs ?? Number.NaN;
    expect(soonestMs).toBeLessThanOrEqual(fired[index]?.latestMs ?? Number.NaN);
  }
}

async function keepsOrderOfSetting({ clock, until }: ClockStage): Promise<void> {
  const fired: number[] = [];
  for (let index = 0; index < 500; index++) clock.setTimer(5, () => fired.push(index));
  await until(() => fired.length === 500, 'all timers fire');
  expect(fired).toEqual(Array.from({ length: 500 }, (_, index) => index));
}

async function cancelledDoesNotFire({ clock, until }: ClockStage): Promise<void> {
  const fired: string[] = [];
  const cancelled = clock.setTimer(3, () => fired.push('cancelled'));
  clock.setTimer(2, () => fired.push('before'));
  clock.setTimer(15, () => fired.push('after'));
  cancelled.cancel();
  await until(() => fired.includes('after'), 'the last timer fires');
  expect(fired).toEqual(['before', 'after']);
}

async function cancelsAmongDue({ clock, until }: ClockStage): Promise<void> {
  const fired: string[] = [];
  clock.setTimer(2, () => {
    fired.push('first');
    second.cancel();
  });
  const second = clock.setTimer(2, () => fired.push('second'));
  clock.setTimer(10, () => fired.push('last'));
  await until(() => fired.includes('last'), 'the last timer fires');
  expect(fired).toEqual(['first', 'last']);
}

async function cancelIsHarmless({ clock, until }: ClockStage): Promise<void> {
  let fired = 0;
  const timer = clock.setTimer(1, () => {
    fired++;
    timer.cancel();
  });
  await until(() => fired === 1, 'the timer fires');
  timer.cancel();
  timer.cancel();
  clock.setTimer(1, () => fired++);
  await until(() => fired === 2, 'another timer fires');
  expect(fired).toBe(2);
}

async function negativeIsZero({ clock, until }: ClockStage): Promise<void> {
  let fired = 0;
  for (const delayMs of [-1, -1e12, Number.NEGATIVE_INFINITY, Number.NaN, -0]) {
    clock.setTimer(delayMs, () => fired++);
  }
  expect(fired).toBe(0);
  await until(() => fired === 5, 'all fire');
}

async function farIsNotNow({ clock, until }: ClockStage): Promise<void> {
  const fired: string[] = [];
  const monthMs = 30 * 24 * 3600 * 1000;
  const far = [monthMs, 2 ** 31, 2 ** 32 + 5, Number.POSITIVE_INFINITY].map((delayMs) =>
    clock.setTimer(delayMs, () => fired.push(`${delayMs}`)),
  );
  clock.setTimer(30, () => fired.push('soon'));
  await until(() => fired.length > 0, 'the near timer fires');
  expect(fired).toEqual(['soon']);
  for (const timer of far) timer.cancel();
}

async function chains({ clock, until }: ClockStage): Promise<void> {
  let left = 100;
  const next = (): void => {
    left--;
    if (left > 0) clock.setTimer(0, next);
  };
  clock.setTimer(0, next);
  await until(() => left === 0, 'the chain ends');
}

async function manyCancelled({ clock, until }: ClockStage): Promise<void> {
  const fired: string[] = [];
  for (let index = 0; index < 20_000; index++) {
    const timer = clock.setTimer(1000 + (index % 13), () => fired.push('cancelled'));
    if (index === 10_000) clock.setTimer(4, () => fired.push('kept'));
    timer.cancel();
  }
  await until(() => fired.length > 0, 'the kept timer fires');
  expect(fired).toEqual(['kept']);
}
