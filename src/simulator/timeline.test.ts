import { describe, expect, it } from 'vitest';
import { Prng } from '../std/index.ts';
import { Life, Timeline } from './timeline.ts';

function runAll(timeline: Timeline): void {
  while (timeline.step(Number.POSITIVE_INFINITY));
}

describe('Timeline', () => {
  it('runs events by their moment, then in the order they were made', () => {
    const timeline = new Timeline();
    const life = new Life();
    const prng = new Prng(3);
    const made: { readonly timeUs: number; readonly index: number }[] = [];
    const ran: { readonly timeUs: number; readonly index: number }[] = [];
    for (let index = 0; index < 2000; index++) {
      const event = { timeUs: prng.below(50), index };
      made.push(event);
      timeline.at(life, event.timeUs, () => {
        expect(timeline.nowUs).toBe(event.timeUs);
        ran.push(event);
      });
    }
    runAll(timeline);
    expect(ran).toEqual(made.sort((a, b) => a.timeUs - b.timeUs || a.index - b.index));
  });

  it('runs what is made for this moment behind what was made for it before', () => {
    const timeline = new Timeline();
    const life = new Life();
    const ran: string[] = [];
    timeline.at(life, 5, () => {
      ran.push('first');
      timeline.at(life, 0, () => ran.push('made now'));
    });
    timeline.at(life, 5, () => ran.push('second'));
    timeline.at(life, 6, () => ran.push('later'));
    runAll(timeline);
    expect(ran).toEqual(['first', 'second', 'made now', 'later']);
  });

  it('stops at a limit, and time stands there', () => {
    const timeline = new Timeline();
    const life = new Life();
    let ran = 0;
    timeline.at(life, 10, () => ran++);
    expect(timeline.step(9)).toBe(false);
    expect([timeline.nowUs, ran]).toEqual([9, 0]);
    expect(timeline.step(10)).toBe(true);
    expect(timeline.step(Number.POSITIVE_INFINITY)).toBe(false);
    expect([timeline.nowUs, ran]).toEqual([10, 1]);
  });

  it('does not run what was cancelled, nor goes to its moment', () => {
    const timeline = new Timeline();
    const life = new Life();
    const event = timeline.at(life, 10, () => expect.unreachable());
    event.cancel();
    event.cancel();
    expect(timeline.step(Number.POSITIVE_INFINITY)).toBe(false);
    expect(timeline.nowUs).toBe(0);
  });

  it('forgets cancelled events by the ten thousand and keeps the others', () => {
    const timeline = new Timeline();
    const life = new Life();
    let ran = 0;
    for (let index = 0; index < 50_000; index++) {
      const event = timeline.at(life, 1 + (index % 100), () => ran++);
      if (index % 10 !== 0) event.cancel();
    }
    runAll(timeline);
    expect(ran).toBe(5000);
  });

  it('drops the events of a life that has ended', () => {
    const timeline = new Timeline();
    const [ends, goesOn] = [new Life(), new Life()];
    const ran: string[] = [];
    timeline.at(ends, 1, () => {
      ran.push('last');
      timeline.at(ends, 0, () => ran.push('never'));
      ends.end();
    });
    timeline.at(ends, 2, () => ran.push('never'));
    timeline.at(goesOn, 3, () => ran.push('other'));
    runAll(timeline);
    expect(ran).toEqual(['last', 'other']);
  });

  it('holds the events of a paused life and runs them in order when it is resumed', () => {
    const timeline = new Timeline();
    const [sleeper, world] = [new Life(), new Life()];
    const ran: string[] = [];
    sleeper.pause();
    for (const name of ['a', 'b', 'c']) {
      timeline.at(sleeper, name.charCodeAt(0), () => ran.push(`${name} at ${timeline.nowUs}`));
    }
    timeline.at(world, 500, () => {
      ran.push('resume');
      timeline.resume(sleeper);
    });
    runAll(timeline);
    expect(ran).toEqual(['resume', 'a at 500', 'b at 500', 'c at 500']);
  });

  it('notices a program that spins without letting time pass', () => {
    const timeline = new Timeline();
    const life = new Life();
    const spin = (): void => {
      timeline.at(life, 0, spin);
    };
    spin();
    expect(() => runAll(timeline)).toThrow('spins');
  });
});
