import { describe, expect, it } from 'vitest';
import { RetryBudget } from './budget.ts';

function spendAll(budget: RetryBudget, nowMs: number): number {
  let spent = 0;
  while (budget.spend(nowMs)) spent += 1;
  return spent;
}

function earn(budget: RetryBudget, calls: number, nowMs: number): void {
  for (let call = 0; call < calls; call++) budget.earn(nowMs);
}

describe('retry budget', () => {
  it('begins with what a second earns, which that second then does not earn again', () => {
    const budget = new RetryBudget();
    earn(budget, 1, 0);
    expect(spendAll(budget, 0)).toBe(10);
    expect(spendAll(budget, 1_000)).toBe(0);
    expect(spendAll(budget, 2_000)).toBe(10);
  });

  it('never allows more than a fifth of the calls and ten a second, whenever it is asked', () => {
    const budget = new RetryBudget();
    let spent = 0;
    for (let calls = 1; calls <= 5_000; calls++) {
      const nowMs = 2 * calls;
      earn(budget, 1, nowMs);
      if (calls % 700 > 400) spent += spendAll(budget, nowMs);
      if (nowMs >= 1_002) expect(spent).toBeLessThanOrEqual(0.2 * calls + nowMs / 100);
    }
    expect(spent).toBeGreaterThan(700);
  });

  it('earns a fifth of the calls, while time stands still', () => {
    const budget = new RetryBudget();
    earn(budget, 1_000, 0);
    expect(spendAll(budget, 0)).toBeGreaterThanOrEqual(209);
    expect(spendAll(budget, 0)).toBe(0);
  });

  it('earns ten a second, and saves up no more than fifty while nobody calls', () => {
    const budget = new RetryBudget();
    earn(budget, 1, 0);
    spendAll(budget, 0);
    expect(spendAll(budget, 2_000)).toBe(10);
    expect(spendAll(budget, 2_050)).toBe(0);
    expect(spendAll(budget, 2_100)).toBe(1);
    expect(spendAll(budget, 3_600_000)).toBe(50);
  });

  it('saves up besides what the calls of the latest one or two seconds earned', () => {
    const after = (pauseMs: number): number => {
      const budget = new RetryBudget();
      earn(budget, 1, 0);
      earn(budget, 1_000, 60_000);
      budget.earn(60_000 + pauseMs);
      return spendAll(budget, 60_000 + pauseMs);
    };
    expect(after(0)).toBeGreaterThanOrEqual(210);
    expect(after(1_999)).toBeGreaterThanOrEqual(210);
    expect(after(1_999)).toBeLessThanOrEqual(250);
    expect(after(2_000)).toBe(50);
  });
});
