import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { Liveness } from './liveness.ts';

/** Beats when it is due until `endMs`; what it says, each with its moment. */
function live(liveness: Liveness, endMs: number): string[] {
  const said: string[] = [];
  for (let nowMs = liveness.dueMs; nowMs <= endMs; nowMs = liveness.dueMs) {
    for (const pulse of liveness.beat(nowMs)) said.push(`${pulse} ${nowMs}`);
  }
  return said;
}

describe('Liveness', () => {
  it('beats when nothing else is sent', () => {
    const liveness = new Liveness(limits, 0);
    const said: string[] = [];
    for (let nowMs = 0; nowMs <= 1000; nowMs += 10) {
      liveness.heard(nowMs);
      if (nowMs < 500) liveness.sent(nowMs);
      if (nowMs >= liveness.dueMs) said.push(...liveness.beat(nowMs).map((pulse) => `${pulse} ${nowMs}`));
    }
    expect(said).toEqual(['heartbeat 740', 'heartbeat 990']);
  });

  it('tells silence once, then death', () => {
    const liveness = new Liveness(limits, 0);
    const said = live(liveness, 10_000).filter((line) => !line.startsWith('heartbeat'));
    expect(said).toEqual(['silent 750', 'dead 2000']);
    expect(liveness.beat(5000)).toEqual([]);
    expect(liveness.dueMs).toBe(Number.POSITIVE_INFINITY);
  });

  it('says how long it was silent when it is heard again', () => {
    const liveness = new Liveness(limits, 0);
    expect(liveness.heard(700)).toBeUndefined();
    live(liveness, 1600);
    expect(liveness.silent).toBe(true);
    expect(liveness.heard(1600)).toBe(900);
    expect(liveness.silent).toBe(false);
    expect(live(liveness, 2400).at(-1)).toBe('silent 2350');
  });

  it('blames nobody for the time in which this process did not run', () => {
    const liveness = new Liveness(limits, 0);
    live(liveness, 700);
    // Due at 750, woken at 10,750.
    liveness.excuse(10_000, 10_750);
    expect(liveness.beat(10_750)).toEqual(['heartbeat']);
    expect(liveness.dueMs).toBe(10_750 + limits.graceMs);
    expect(live(liveness, 10_750 + limits.graceMs)).toEqual(['silent 10800']);
    const heard = new Liveness(limits, 0);
    heard.heard(100);
    heard.excuse(10_000, 10_100);
    expect(heard.heard(10_110)).toBeUndefined();
    expect(heard.silent).toBe(false);
  });

  it('beats a little early to beat with others', () => {
    const liveness = new Liveness(limits, 0);
    expect(liveness.beat(199)).toEqual([]);
    expect(liveness.beat(200)).toEqual(['heartbeat']);
  });
});
