import { describe, expect, it } from 'vitest';
import { told } from './testing/told.ts';

describe('a value that was overwritten in the past of its read', () => {
  it('by the session itself', () => {
    const story = `
      a: put x 1, put y 2, put x 3, get x 1`;
    expect(told(story)).toEqual([
      'read-your-writes: A session did not see its own write.',
      '  a[0] put x = 1',
      '  a[2] put x = 3   later in the same session',
      '  a[3] get x -> 1  later in the same session',
      'a[3] returned what a[0] wrote, although it depends on a[2], which came after that.',
    ]);
  });

  it('before the very eyes of the session', () => {
    const story = `
      a: put x 1, put x 2
      b: get x 1, get x 2, get x 1`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  a[0] put x = 1',
      '  a[1] put x = 2   later in the same session',
      '  b[1] get x -> 2  saw that',
      '  b[2] get x -> 1  later in the same session',
      'b[2] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('before something the session saw', () => {
    const story = `
      a: put x 1, put x 2, put y 3
      b: get y 3, get x 1`;
    expect(told(story)).toEqual([
      'monotonic-writes: A write was seen without an earlier write of the same session.',
      '  a[0] put x = 1',
      '  a[1] put x = 2   later in the same session',
      '  a[2] put y = 3   later in the same session',
      '  b[0] get y -> 3  saw that',
      '  b[1] get x -> 1  later in the same session',
      'b[1] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('seen before something the session saw', () => {
    const story = `
      a: put x 1, put x 2
      b: get x 2, put y 3
      c: get y 3, get x 1`;
    expect(told(story)).toEqual([
      'writes-follow-reads: A write was seen without what its session had read before.',
      '  a[0] put x = 1',
      '  a[1] put x = 2   later in the same session',
      '  b[0] get x -> 2  saw that',
      '  b[1] put y = 3   later in the same session',
      '  c[0] get y -> 3  saw that',
      '  c[1] get x -> 1  later in the same session',
      'c[1] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('from afar', () => {
    const story = `
      a: put x 1, put x 2, put y 3
      b: get y 3, put z 4
      c: get z 4, get x 1`;
    expect(told(story)).toEqual([
      'causal-order: A read missed a write in its causal past.',
      '  a[0] put x = 1',
      '  a[1] put x = 2   later in the same session',
      '  a[2] put y = 3   later in the same session',
      '  b[0] get y -> 3  saw that',
      '  b[1] put z = 4   later in the same session',
      '  c[0] get z -> 4  saw that',
      '  c[1] get x -> 1  later in the same session',
      'c[1] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('by a write whose answer was lost, once it was seen', () => {
    const story = `
      a: put x 1, lose x 2
      b: get x 2, get x 1`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  a[0] put x = 1',
      '  a[1] put x = 2, answer lost  later in the same session',
      '  b[0] get x -> 2              saw that',
      '  b[1] get x -> 1              later in the same session',
      'b[1] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('as shown by the nearest of many writes', () => {
    const story = `
      a: put x 1, put x 2, put x 3, put y 4
      b: get x 2, get y 4, get x 1`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  a[0] put x = 1',
      '  a[1] put x = 2   later in the same session',
      '  b[0] get x -> 2  saw that',
      '  b[2] get x -> 1  later in the same session',
      'b[2] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });
});

describe('a deleted value come back', () => {
  it('after a delete the store told of', () => {
    const story = `
      a: put x 1, delete x d
      b: absent x d, get x 1`;
    expect(told(story)).toEqual([
      'resurrected-value: A value came back after its delete was seen.',
      '  a[0] put x = 1',
      '  a[1] delete x ("d")                     later in the same session',
      '  b[0] get x -> nothing (deleted by "d")  saw that',
      '  b[1] get x -> 1                         later in the same session',
      'b[1] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('after the only delete there was', () => {
    const story = `
      a: put x 1, delete x
      b: get x 1, absent x, get x 1`;
    expect(told(story)).toEqual([
      'resurrected-value: A value came back after its delete was seen.',
      '  a[0] put x = 1',
      '  a[1] delete x          later in the same session',
      '  b[1] get x -> nothing  saw that: nothing else explains it',
      '  b[2] get x -> 1        later in the same session',
      'b[2] returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });
});
