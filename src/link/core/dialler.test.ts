import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { Dialler } from './dialler.ts';

const failed = { type: 'failed', lasting: false, random: 1 } as const;

describe('Dialler', () => {
  it('dials at once, then waits longer and longer, up to a bound', () => {
    const dialler = new Dialler(limits);
    expect(dialler.step({ type: 'want', wanted: true })).toEqual([{ type: 'dial' }]);
    expect(dialler.step({ type: 'want', wanted: true })).toEqual([]);
    const waits: (number | undefined)[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      for (const effect of dialler.step(failed)) if (effect.type === 'wait') waits.push(effect.delayMs);
      expect(dialler.step({ type: 'woken' })).toEqual([{ type: 'dial' }]);
    }
    expect(waits).toEqual([100, 200, 400, 500, 500, 500]);
  });

  it('waits a random part of that', () => {
    const dialler = new Dialler(limits);
    dialler.step({ type: 'want', wanted: true });
    expect(dialler.step({ ...failed, random: 0.25 })).toEqual([{ type: 'wait', delayMs: 25 }]);
  });

  it('waits long after a refusal that lasts', () => {
    const dialler = new Dialler(limits);
    dialler.step({ type: 'want', wanted: true });
    expect(dialler.step({ ...failed, lasting: true })).toEqual([{ type: 'wait', delayMs: 2000 }]);
  });

  it('begins anew after a link that stood', () => {
    const dialler = new Dialler(limits);
    dialler.step({ type: 'want', wanted: true });
    for (let attempt = 0; attempt < 5; attempt++) {
      dialler.step(failed);
      dialler.step({ type: 'woken' });
    }
    expect(dialler.step({ type: 'up' })).toEqual([{ type: 'abandon' }]);
    expect(dialler.step({ type: 'down', stoodMs: 999, closed: false, random: 1 })).toEqual([
      { type: 'wait', delayMs: 500 },
    ]);
    expect(dialler.step({ type: 'up' })).toEqual([{ type: 'wait', delayMs: undefined }]);
    expect(dialler.step({ type: 'down', stoodMs: 1000, closed: false, random: 1 })).toEqual([
      { type: 'wait', delayMs: 50 },
    ]);
  });

  it('comes back soon to a peer that closes, and ever more rarely to one that closes again at once', () => {
    const dialler = new Dialler(limits);
    dialler.step({ type: 'want', wanted: true });
    const waitAfter = (stoodMs: number, closed: boolean): number | undefined => {
      dialler.step({ type: 'up' });
      const [wait] = dialler.step({ type: 'down', stoodMs, closed, random: 0 });
      return wait?.type === 'wait' ? wait.delayMs : undefined;
    };
    expect([1, 2, 3, 4, 5].map(() => waitAfter(999, true))).toEqual([0, 2000, 4000, 8000, 8000]);
    // What breaks says nothing about what the peer wants.
    expect([waitAfter(0, false), waitAfter(0, true)]).toEqual([0, 8000]);
    expect([1000, 1000, 0].map((stoodMs) => waitAfter(stoodMs, true))).toEqual([0, 0, 2000]);
    expect([waitAfter(1000, false), waitAfter(0, true)]).toEqual([0, 0]);
  });

  it('does not dial what nobody wants, or no longer', () => {
    const dialler = new Dialler(limits);
    expect(dialler.step({ type: 'up' })).toEqual([]);
    expect(dialler.step({ type: 'down', stoodMs: 0, closed: true, random: 1 })).toEqual([]);
    expect(dialler.step({ type: 'want', wanted: true })).toEqual([{ type: 'dial' }]);
    expect(dialler.step({ type: 'want', wanted: false })).toEqual([{ type: 'abandon' }]);
    expect(dialler.step(failed)).toEqual([]);
    dialler.step({ type: 'want', wanted: true });
    dialler.step(failed);
    expect(dialler.step({ type: 'want', wanted: false })).toEqual([{ type: 'wait', delayMs: undefined }]);
    expect(dialler.step({ type: 'woken' })).toEqual([]);
  });
});
