import { describe, expect, it } from 'vitest';
import { checkLinearizable } from './check.ts';
import { registerModel } from './models/register.ts';
import { ticketModel } from './models/tickets.ts';
import { drawn, ofQueue, ofRegister, ofTickets } from './testing/drawn.ts';
import { queueModel } from './testing/queue.ts';

const right = 'linearizable';
const wrong = 'not-linearizable';

describe("a queue, after Herlihy and Wing's first examples (1990)", () => {
  it.each([
    [
      'overlapping enqueues take effect in either order',
      right,
      `
      a: |enqueue x|              |dequeue y|
      b:     |enqueue y|  |dequeue x|    |enqueue z|`,
    ],
    [
      'what was enqueued before comes out before',
      wrong,
      `
      a: |enqueue x|              |dequeue y|
      b:             |enqueue y|`,
    ],
    [
      'a dequeue may see an enqueue that has not returned',
      right,
      `
      a: |enqueue x ...
      b:      |dequeue x|`,
    ],
    [
      'nothing comes out twice',
      wrong,
      `
      a: |enqueue x|           |dequeue y|
      b:     |enqueue y|   |dequeue y|`,
    ],
  ])('%s', (_, type, picture) => {
    expect(checkLinearizable(queueModel, drawn(picture, ofQueue)).type).toBe(type);
  });
});

describe('a register', () => {
  it.each([
    ['nothing at all happened', right, ''],
    [
      'reads during a write return the old value, then the new one',
      right,
      `
      a: |write 1||      write 2             |
      b:             |read 1|  |read 2|`,
    ],
    [
      'reads during a write return the new value, then the old one',
      wrong,
      `
      a: |write 1||      write 2             |
      b:             |read 2|  |read 1|`,
    ],
    [
      'two clients see two writes in different order',
      wrong,
      `
      a: |write 1|   |read 1|   |read 2|
      b: |write 2|   |read 2|   |read 1|`,
    ],
    [
      'a stale read',
      wrong,
      `
      a: |write 1|   |write 2|
      b:                        |read 1|`,
    ],
    [
      'a read of a value that never was',
      wrong,
      `
      a: |write 1|
      b:            |read 2|`,
    ],
    [
      'a read of a value that is written only later',
      wrong,
      `
      a:            |write 1|
      b: |read 1|`,
    ],
    [
      'a lost update: two swaps of one value',
      wrong,
      `
      a: |write 1|   |cas 1 2 done|
      b:             |cas 1 3 done|`,
    ],
    [
      'a swap that is refused because another came first',
      right,
      `
      a: |write 1|   |cas 1 2 done|
      b:             |cas 1 3 refused|`,
    ],
    [
      'a call at the moment of a return overlaps it',
      right,
      `
      a: |write 1|
      b:         |read nothing|`,
    ],
  ])('%s', (_, type, picture) => {
    expect(checkLinearizable(registerModel(), drawn(picture, ofRegister)).type).toBe(type);
  });
});

describe('an operation without an answer', () => {
  it.each([
    [
      'explains a read',
      right,
      `
      a: |write 1|   |write 2 ...
      b:                           |read 2|`,
    ],
    [
      'may never take effect',
      right,
      `
      a: |write 1|   |write 2 ...
      b:                           |read 1|`,
    ],
    [
      'may take effect late, behind what its own client does next',
      right,
      `
      a: |write 2 ...
      a:               |write 1|  |read 1|   |read 2|`,
    ],
    [
      'takes effect once',
      wrong,
      `
      a: |write 2 ...
      a:               |write 1|  |read 2|   |write 1|   |read 2|`,
    ],
    [
      'does not take effect before its call',
      wrong,
      `
      a:            |write 1 ...
      b: |read 1|`,
    ],
    [
      'may be a swap that another read shows',
      right,
      `
      a: |write 1|   |cas 1 2 ...
      b:                           |cas 2 3 done|`,
    ],
  ])('%s', (_, type, picture) => {
    expect(checkLinearizable(registerModel(), drawn(picture, ofRegister)).type).toBe(type);
  });
});

describe('numbered tickets', () => {
  it.each([
    ['in the order of time', right, 'a: |order 0|   |order 1|\nb:      |order 2|'],
    ['of overlapping orders in any order', right, 'a: |order 1|\nb:   |order 0|'],
    ['against the order of time', wrong, 'a: |order 1|\nb:            |order 0|'],
    ['twice the same', wrong, 'a: |order 0|\nb:   |order 0|'],
    ['with a gap', wrong, 'a: |order 0|\nb:   |order 2|'],
    [
      'with a gap that a lost answer explains',
      right,
      'a: |order 0|  |order ...\nb:                 |order 2|',
    ],
    ['with refusals in between', right, 'a: |order 0|  |order refused|  |order 1|'],
  ])('%s', (_, type, picture) => {
    expect(checkLinearizable(ticketModel(), drawn(picture, ofTickets)).type).toBe(type);
  });
});
