import { describe, expect, it } from 'vitest';
import { type Core, drive } from './index.ts';

/** Answers each number with its halves, down to 1. */
class Halves implements Core<number, number> {
  readonly seen: number[] = [];

  step(event: number): readonly number[] {
    this.seen.push(event);
    return event > 1 ? [Math.floor(event / 2), -event] : [];
  }
}

describe('drive', () => {
  it('runs the effects of each event in their order', () => {
    const effects: number[] = [];
    const handle = drive(new Halves(), (effect) => effects.push(effect));
    handle(4);
    handle(9);
    expect(effects).toEqual([2, -4, 4, -9]);
  });

  it('queues an event handed in by an effect behind the effects still to run', () => {
    const core = new Halves();
    const effects: number[] = [];
    const handle = drive(core, (effect) => {
      effects.push(effect);
      if (effect > 0) handle(effect);
    });
    handle(8);
    expect(core.seen).toEqual([8, 4, 2, 1]);
    expect(effects).toEqual([4, -8, 2, -4, 1, -2]);
  });

  it('keeps the order of several events handed in at once', () => {
    const seen: string[] = [];
    const core: Core<string, string> = {
      step: (event) => {
        seen.push(event);
        return event === 'start' ? ['a', 'b'] : [];
      },
    };
    const handle = drive(core, (effect) => {
      handle(`${effect}1`);
      handle(`${effect}2`);
    });
    handle('start');
    expect(seen).toEqual(['start', 'a1', 'a2', 'b1', 'b2']);
  });

  it('takes a long chain of events without growing the stack', () => {
    let left = 200_000;
    const handle = drive<number, number>({ step: (event) => (event > 0 ? [event - 1] : []) }, (effect) => {
      left = effect;
      handle(effect);
    });
    handle(left);
    expect(left).toBe(0);
  });

  it('lets a bug out, and leaves nothing of that step behind for the next event', () => {
    const seen: string[] = [];
    const core: Core<string, string> = {
      step: (event) => {
        seen.push(event);
        return event === 'bad' ? ['queue', 'throw'] : [];
      },
    };
    const handle = drive(core, (effect) => {
      if (effect === 'queue') handle('left over');
      else throw new Error('a bug');
    });
    expect(() => handle('bad')).toThrow('a bug');
    handle('good');
    expect(seen).toEqual(['bad', 'good']);
  });
});
