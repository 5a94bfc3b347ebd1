import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Heap } from './index.ts';

const before = (left: number, right: number): boolean => left < right;

function drain<T>(heap: Heap<T>): T[] {
  const items: T[] = [];
  while (heap.size > 0) items.push(heap.pop() as T);
  return items;
}

describe('Heap', () => {
  it('is empty at first', () => {
    const heap = new Heap(before);
    expect(heap.size).toBe(0);
    expect(heap.peek()).toBeUndefined();
    expect(heap.pop()).toBeUndefined();
    expect(heap.size).toBe(0);
  });

  it('gives its items in order', () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), (numbers) => {
        const heap = new Heap(before);
        for (const number of numbers) heap.push(number);
        expect(heap.size).toBe(numbers.length);
        expect(drain(heap)).toEqual([...numbers].sort((left, right) => left - right));
      }),
    );
  });

  it('keeps order when pushes, pops and peeks mix', () => {
    const action = fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constant('pop' as const));
    fc.assert(
      fc.property(fc.array(action, { maxLength: 300 }), (actions) => {
        const heap = new Heap(before);
        const model: number[] = [];
        for (const each of actions) {
          if (each === 'pop') {
            expect(heap.peek()).toBe(model[0]);
            expect(heap.pop()).toBe(model.shift());
          } else {
            heap.push(each);
            model.push(each);
            model.sort((left, right) => left - right);
          }
          expect(heap.size).toBe(model.length);
        }
      }),
    );
  });

  it('retains what it is told to, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 })),
        fc.integer({ min: 1, max: 5 }),
        (numbers, of) => {
          const heap = new Heap(before);
          for (const number of numbers) heap.push(number);
          heap.retain((number) => number % of === 0);
          const kept = numbers.filter((number) => number % of === 0);
          heap.push(-1);
          expect(drain(heap)).toEqual([-1, ...kept.sort((left, right) => left - right)]);
        },
      ),
    );
  });
});
