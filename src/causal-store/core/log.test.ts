import { describe, expect, it } from 'vitest';
import { encoded, vector, write } from '../testing/records.ts';
import { forSeeds, pick } from '../testing/seeds.ts';
import { Log, Queue } from './log.ts';
import { sequenceOf } from './vector.ts';

describe('a queue', () => {
  it('keeps the numbers of its items', () => {
    forSeeds(20, (prng) => {
      const queue = new Queue<string>();
      let pushed = 0;
      let shifted = 0;
      for (let step = 0; step < 5_000; step++) {
        if (prng.chance(0.55)) queue.push(`item ${pushed++}`);
        else if (shifted < pushed) expect(queue.shift()).toBe(`item ${shifted++}`);
        expect([queue.start, queue.end, queue.size]).toEqual([shifted, pushed, pushed - shifted]);
        if (shifted === pushed) continue;
        const number = shifted + prng.below(pushed - shifted);
        expect(queue.at(number)).toBe(`item ${number}`);
      }
    });
  });

  it('has nothing outside of its ends', () => {
    const queue = new Queue<string>();
    queue.push('a');
    expect(() => queue.at(1)).toThrow();
    queue.shift();
    expect(() => queue.at(0)).toThrow();
    expect(() => queue.shift()).toThrow();
  });
});

const wide = { recordsMax: 1_000, bytesMax: 1_000_000 };

describe('a log', () => {
  it('sends whoever has a vector all that lies beyond it, or says that it cannot', () => {
    forSeeds(100, (prng) => {
      const log = new Log({ recordsMax: 5 + prng.below(40), bytesMax: 1_000_000 });
      const mine = new Map<string, number>();
      for (let count = 0; count < 60; count++) {
        const letter = pick(prng, ['a', 'b', 'c']);
        const sequence = sequenceOf(mine, letter.repeat(16)) + 1;
        const each = encoded(write(`${letter}${sequence}`));
        mine.set(each.record.origin, sequence);
        log.append(each);
        if (prng.chance(0.1)) log.trim(vector(`a${prng.below(20)} b${prng.below(20)}`));
      }
      const theirs = new Map(
        [...mine].map(([origin, sequence]) => [origin, Math.max(0, sequence - prng.below(9))]),
      );
      const here: string[] = [];
      for (let at = log.start; at < log.end; at++) here.push(name(log.at(at).record));
      const lacking = [...mine].flatMap(([origin, sequence]) =>
        Array.from({ length: sequence - sequenceOf(theirs, origin) }, (_, index) =>
          name({ origin, sequence: sequenceOf(theirs, origin) + 1 + index }),
        ),
      );
      const position = log.positionFor(mine, theirs);
      if (position === undefined) expect(lacking.some((each) => !here.includes(each))).toBe(true);
      else expect(here.slice(position - log.start)).toEqual(expect.arrayContaining(lacking));
    });
  });

  it('begins behind everything for somebody who lacks nothing', () => {
    const log = new Log(wide);
    log.append(encoded(write('a1')));
    expect(log.positionFor(vector('a1'), vector('a1 b7'))).toBe(1);
  });

  it('drops the oldest beyond its bounds, of records and of bytes', () => {
    const few = new Log({ recordsMax: 2, bytesMax: 1_000_000 });
    const small = new Log({ recordsMax: 100, bytesMax: 3 * encoded(write('a1')).bytes.byteLength });
    for (let sequence = 1; sequence <= 5; sequence++) {
      few.append(encoded(write(`a${sequence}`)));
      small.append(encoded(write(`a${sequence}`)));
    }
    expect([few.start, few.end]).toEqual([3, 5]);
    expect([small.start, small.end]).toEqual([2, 5]);
    expect(few.positionFor(vector('a5'), vector('a2'))).toBeUndefined();
    expect(few.positionFor(vector('a5'), vector('a3'))).toBe(3);
  });

  it('drops what is stable only as far as nothing before it is not', () => {
    const log = new Log(wide);
    for (const word of ['a1', 'b1', 'a2']) log.append(encoded(write(word)));
    log.trim(vector('a2'));
    expect(log.start).toBe(1);
    log.trim(vector('a2 b1'));
    expect([log.start, log.end, log.bytes]).toEqual([3, 3, 0]);
  });

  it('begins anew after a leap, without going back in its positions', () => {
    const log = new Log(wide);
    log.append(encoded(write('a1')));
    log.clear();
    log.append(encoded(write('a9')));
    expect([log.start, log.end]).toEqual([1, 2]);
    expect(log.positionFor(vector('a9'), vector('a8'))).toBe(1);
    expect(log.positionFor(vector('a9'), vector('a7'))).toBeUndefined();
  });
});

function name({ origin, sequence }: { readonly origin: string; readonly sequence: number }): string {
  return `${origin.slice(0, 1)}${sequence}`;
}
