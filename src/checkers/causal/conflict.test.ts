import { describe, expect, it } from 'vitest';
import { told } from './testing/told.ts';

describe('orders that contradict each other', () => {
  it('of two writes', () => {
    const story = `
      a: put x 1
      b: put x 2
      c: get x 1, get x 2
      d: get x 2, get x 1`;
    expect(told(story)).toEqual([
      'conflicting-order: No single order of the writes explains all reads.',
      'a[0] put x = 1 comes before b[0] put x = 2: c[1] saw the latter and depends on the former.',
      '  a[0] put x = 1',
      '  c[0] get x -> 1  saw that',
      '  c[1] get x -> 2  later in the same session',
      'b[0] put x = 2 comes before a[0] put x = 1: d[1] saw the latter and depends on the former.',
      '  b[0] put x = 2',
      '  d[0] get x -> 2  saw that',
      '  d[1] get x -> 1  later in the same session',
      'So a[0] would have to come before itself.',
    ]);
  });

  it('of three writes', () => {
    const story = `
      a: put x 1
      b: put x 2
      c: put x 3
      d: get x 1, get x 2
      e: get x 2, get x 3
      f: get x 3, get x 1`;
    expect(told(story)).toEqual([
      'conflicting-order: No single order of the writes explains all reads.',
      'a[0] put x = 1 comes before b[0] put x = 2: d[1] saw the latter and depends on the former.',
      '  a[0] put x = 1',
      '  d[0] get x -> 1  saw that',
      '  d[1] get x -> 2  later in the same session',
      'b[0] put x = 2 comes before c[0] put x = 3: e[1] saw the latter and depends on the former.',
      '  b[0] put x = 2',
      '  e[0] get x -> 2  saw that',
      '  e[1] get x -> 3  later in the same session',
      'c[0] put x = 3 comes before a[0] put x = 1: f[1] saw the latter and depends on the former.',
      '  c[0] put x = 3',
      '  f[0] get x -> 3  saw that',
      '  f[1] get x -> 1  later in the same session',
      'So a[0] would have to come before itself.',
    ]);
  });

  it('through what sessions did in order', () => {
    const story = `
      a: put x 1, put y 2
      b: put y 3, put x 4
      c: get x 4, get x 1
      d: get y 2, get y 3`;
    expect(told(story)).toEqual([
      'conflicting-order: No single order of the writes explains all reads.',
      'b[1] put x = 4 comes before a[0] put x = 1: c[1] saw the latter and depends on the former.',
      '  b[1] put x = 4',
      '  c[0] get x -> 4  saw that',
      '  c[1] get x -> 1  later in the same session',
      'a[0] put x = 1 comes before a[1] put y = 2: later in the same session.',
      'a[1] put y = 2 comes before b[0] put y = 3: d[1] saw the latter and depends on the former.',
      '  a[1] put y = 2',
      '  d[0] get y -> 2  saw that',
      '  d[1] get y -> 3  later in the same session',
      'b[0] put y = 3 comes before b[1] put x = 4: later in the same session.',
      'So b[1] would have to come before itself.',
    ]);
  });

  it('of a value and the delete somebody saw, one of several', () => {
    const story = `
      a: put x 1, absent x
      b: delete x
      c: delete x
      d: get x 1, absent x, get x 1`;
    expect(told(story)).toEqual([
      'resurrected-value: A value came back after its delete was seen.',
      'the delete of x that d[1] saw comes before a[0] put x = 1: ' +
        'd[2] saw the latter and depends on the former.',
      '  the delete of x that d[1] saw',
      '  d[1] get x -> nothing          saw that',
      '  d[2] get x -> 1                later in the same session',
      'a[0] put x = 1 comes before the delete of x that d[1] saw: ' +
        'd[1] saw the latter and depends on the former.',
      '  a[0] put x = 1',
      '  d[0] get x -> 1        saw that',
      '  d[1] get x -> nothing  later in the same session',
      'So the delete that d[1] saw would have to come before itself.',
    ]);
  });

  it('of deletes that final states name', () => {
    const story = `
      a: delete x d1
      b: delete x d2
      end of r1: absent x d1
      end of r2: absent x d2`;
    expect(told(story)).toEqual([
      'conflicting-order: No single order of the writes explains all reads.',
      'b[0] delete x ("d2") comes before a[0] delete x ("d1"): ' +
        'r1 in the end saw the latter and depends on the former.',
      '  b[0] delete x ("d2")',
      '  r1 in the end: x -> nothing (deleted by "d1")  after everything',
      'a[0] delete x ("d1") comes before b[0] delete x ("d2"): ' +
        'r2 in the end saw the latter and depends on the former.',
      '  a[0] delete x ("d1")',
      '  r2 in the end: x -> nothing (deleted by "d2")  after everything',
      'So b[0] would have to come before itself.',
    ]);
  });
});
