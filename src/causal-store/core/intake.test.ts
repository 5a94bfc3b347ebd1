import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { encoded, id, opening, vector, write } from '../testing/records.ts';
import { forSeeds, shuffled } from '../testing/seeds.ts';
import { Intake } from './intake.ts';
import type { Encoded } from './record.ts';
import { State } from './state.ts';

class Taking {
  readonly state = new State();
  readonly intake = new Intake(this.state);
  /** In the order they were accepted. */
  readonly accepted: string[] = [];

  take(each: Encoded): string {
    return this.intake.take(each, ({ record }) =>
      this.accepted.push(`${record.origin.slice(0, 1)}${record.sequence}`),
    );
  }

  write(word: string, after = ''): string {
    return this.take(encoded(write(word, { after })));
  }

  /** So many of the oldest accepted records are durable, and applied. */
  durable(count: number): void {
    for (let index = 0; index < count; index++) this.state.apply(this.intake.nextDurable().record);
  }
}

describe('what a peer sends', () => {
  it('is accepted once, behind what it needs', () => {
    const taking = new Taking();
    expect(taking.write('a2')).toBe('held');
    expect(taking.write('b1', 'a2')).toBe('held');
    expect(taking.write('b1', 'a2')).toBe('known');
    expect(taking.accepted).toEqual([]);
    expect(taking.intake.held).toBe(2);
    expect(taking.write('a1')).toBe('accepted');
    expect(taking.accepted).toEqual(['a1', 'a2', 'b1']);
    expect(taking.intake.held).toBe(0);
    expect(taking.write('a1')).toBe('known');
    expect(taking.write('a2')).toBe('known');
    expect(taking.accepted).toHaveLength(3);
  });

  it('is applied only once it is durable', () => {
    const taking = new Taking();
    taking.write('a1');
    taking.write('b1', 'a1');
    expect(taking.state.applied).toEqual(vector(''));
    expect(taking.intake.accepted).toEqual(vector('a1 b1'));
    expect(taking.intake.undurable).toBe(2);
    taking.durable(1);
    expect(taking.state.applied).toEqual(vector('a1'));
    expect(taking.intake.durableEnd).toBe(1);
    expect([...taking.intake.waiting()].map(({ record }) => record.origin)).toEqual([id('b')]);
  });

  it('is accepted in a causal order, in whatever order it comes', () => {
    const words = ['a1', 'a2|b1', 'b1', 'b2|a2', 'c1|b2', 'a3|c1', 'c2', 'c3|a3'];
    forSeeds(100, (prng) => {
      const taking = new Taking();
      for (const word of shuffled(prng, [...words, ...words])) {
        const [dot = '', after] = word.split('|');
        taking.write(dot, after);
      }
      expect(taking.accepted.toSorted()).toEqual(['a1', 'a2', 'a3', 'b1', 'b2', 'c1', 'c2', 'c3']);
      for (const word of words) {
        const [dot = '', after] = word.split('|');
        if (after === undefined) continue;
        expect(taking.accepted.indexOf(after)).toBeLessThan(taking.accepted.indexOf(dot));
      }
    });
  });

  it('needs nothing more of an incarnation that was abandoned', () => {
    const taking = new Taking();
    expect(taking.write('b1', 'a7')).toBe('held');
    taking.take(encoded(opening('c1', { abandons: [id('a')], handsIn: 1 })));
    taking.durable(1);
    // What is handed in again in its place is not all there yet.
    expect(taking.write('d1', 'a7')).toBe('held');
    expect(taking.write('c2')).toBe('accepted');
    expect(taking.accepted).toEqual(['c1', 'c2', 'b1', 'd1']);
  });
});

describe('what is held back', () => {
  it('is bounded in records', () => {
    const taking = new Taking();
    for (let sequence = 2; sequence < limits.heldRecordsMax + 2; sequence++) {
      expect(taking.write(`a${sequence}`)).toBe('held');
    }
    expect(taking.write(`a${limits.heldRecordsMax + 2}`)).toBe('dropped');
    expect(taking.write('a1')).toBe('accepted');
    expect(taking.accepted).toHaveLength(limits.heldRecordsMax + 1);
  });

  it('is bounded in bytes', () => {
    const taking = new Taking();
    const value = 'x'.repeat(1_000_000);
    const fit = Math.floor(limits.heldBytesMax / encoded(write('a99', { value })).bytes.byteLength);
    for (let sequence = 2; sequence < fit + 2; sequence++) {
      expect(taking.take(encoded(write(`a${sequence}`, { value })))).toBe('held');
    }
    expect(taking.take(encoded(write(`a${fit + 2}`, { value })))).toBe('dropped');
    taking.write('a1');
    expect(taking.take(encoded(write(`a${fit + 3}`, { value })))).toBe('held');
  });
});

describe('a leap', () => {
  it('raises what is accepted, and forgets what was held and is known now', () => {
    const taking = new Taking();
    taking.write('a1');
    taking.durable(1);
    taking.write('b3');
    taking.write('b6');
    for (let sequence = 1; sequence <= 4; sequence++) taking.state.apply(write(`b${sequence}`));
    taking.intake.leap();
    expect(taking.intake.accepted).toEqual(vector('a1 b4'));
    expect(taking.intake.held).toBe(1);
    expect(taking.intake.log.start).toBe(taking.intake.log.end);
    expect(taking.intake.durableEnd).toBe(taking.intake.log.end);
    expect(taking.write('b5')).toBe('accepted');
    expect(taking.accepted).toEqual(['a1', 'b5', 'b6']);
  });

  it('is not taken from more starts than there can be, and goes on being taken from those known', () => {
    const taking = new Taking();
    for (let start = 0; start < limits.originsTakenMax; start++) {
      taking.state.applied.set(start.toString(16).padStart(16, '0'), 1);
    }
    const intake = new Intake(taking.state);
    const known = { ...write('a2'), origin: '0'.repeat(16) };
    expect(intake.take(encoded(write('a1')), () => {})).toBe('dropped');
    expect(intake.take(encoded(known), () => {})).toBe('accepted');
  });

  it('is held without the message it came in', () => {
    const { intake } = new Taking();
    const whole = Buffer.concat([encoded(write('a2')).bytes, Buffer.alloc(100_000)]);
    const bytes = whole.subarray(0, encoded(write('a2')).bytes.byteLength);
    const taken: Encoded[] = [];
    intake.take({ record: write('a2'), bytes }, () => {});
    intake.take(encoded(write('a1')), (each) => taken.push(each));
    expect(taken[1]?.bytes).toEqual(new Uint8Array(bytes));
    expect(taken[1]?.bytes.buffer.byteLength).toBeLessThan(10_000);
  });
});
