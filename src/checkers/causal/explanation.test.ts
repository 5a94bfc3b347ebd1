import { describe, expect, it } from 'vitest';
import { told } from './testing/told.ts';

describe('what a read has wrong by itself', () => {
  it('a value nobody wrote', () => {
    const story = `
      a: put x 1
      b: get x 2`;
    expect(told(story)).toEqual([
      'unwritten-value: A read returned what nobody wrote.',
      '  b[0] get x -> 2',
      'Nobody wrote that.',
    ]);
  });

  it('a value of another key', () => {
    const story = `
      a: put y 1
      b: get x 1`;
    expect(told(story)).toEqual([
      'wrong-key: A read returned what was written to another key.',
      '  a[0] put y = 1',
      '  b[0] get x -> 1',
    ]);
  });
});

describe('operations that depend on each other', () => {
  it('in one session', () => {
    const story = `
      a: get x 1, put y 2, put x 1`;
    expect(told(story)).toEqual([
      'future-read: A read returned what its own session wrote only after it.',
      '  a[2] put x = 1',
      '  a[0] get x -> 1  saw that',
      '  a[2] put x = 1   later in the same session',
      'Each depends on the one above it, the first on the last.',
    ]);
  });

  it('in several', () => {
    const story = `
      a: get x 1, put y 2
      b: get y 2, put x 1`;
    expect(told(story)).toEqual([
      'causality-cycle: Operations of several sessions depend on each other.',
      '  b[1] put x = 1',
      '  a[0] get x -> 1  saw that',
      '  a[1] put y = 2   later in the same session',
      '  b[0] get y -> 2  saw that',
      '  b[1] put x = 1   later in the same session',
      'Each depends on the one above it, the first on the last.',
    ]);
  });
});

describe('nothing, where there was a value', () => {
  it('of a key that was never deleted', () => {
    const story = `
      a: put x 1, put y 2
      b: get y 2, absent x`;
    expect(told(story)).toEqual([
      'monotonic-writes: A write was seen without an earlier write of the same session.',
      '  a[0] put x = 1',
      '  a[1] put y = 2         later in the same session',
      '  b[0] get y -> 2        saw that',
      '  b[1] get x -> nothing  later in the same session',
      'b[1] found nothing, although it depends on a[0]; nobody ever deleted it.',
    ]);
  });

  it('of a key with many values, by the nearest of them', () => {
    const story = `
      a: put x 1, put x 2, put y 3
      b: get x 1, get y 3, absent x`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  a[0] put x = 1',
      '  b[0] get x -> 1        saw that',
      '  b[2] get x -> nothing  later in the same session',
      'b[2] found nothing, although it depends on a[0]; nobody ever deleted it.',
    ]);
  });

  it('of a key whose deletes were overwritten by others', () => {
    const story = `
      a: put x 1, delete x d
      b: absent x d, put x 2
      c: get x 2, absent x`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  b[1] put x = 2',
      '  c[0] get x -> 2        saw that',
      '  c[1] get x -> nothing  later in the same session',
      'c[1] found nothing, although it depends on b[1]; ' +
        'every delete of it was overwritten before, or comes after.',
    ]);
  });

  it('of a key whose deletes were overwritten', () => {
    const story = `
      a: put x 1, delete x, put x 2
      b: get x 2, absent x`;
    expect(told(story)).toEqual([
      'monotonic-reads: A session read what is older than what it had read before.',
      '  a[2] put x = 2',
      '  b[0] get x -> 2        saw that',
      '  b[1] get x -> nothing  later in the same session',
      'b[1] found nothing, although it depends on a[2]; ' +
        'every delete of it was overwritten before, or comes after.',
    ]);
  });
});

describe('final states', () => {
  it('that differ', () => {
    const story = `
      a: put x 1
      b: put x 2
      end of r1: get x 1
      end of r2: get x 2`;
    expect(told(story)).toEqual([
      'diverged: Replicas differ in the end.',
      '  r1 in the end: x -> 1',
      '  r2 in the end: x -> 2',
    ]);
  });

  it('that lack what overwrote them', () => {
    const story = `
      a: put x 1, put x 2
      end of r1: get x 1`;
    expect(told(story)).toEqual([
      'stale-final: A replica holds in the end what had been overwritten.',
      '  a[0] put x = 1',
      '  a[1] put x = 2         later in the same session',
      '  r1 in the end: x -> 1  after everything',
      'r1 in the end returned what a[0] wrote, although it depends on a[1], which came after that.',
    ]);
  });

  it('that lack a value', () => {
    const story = `
      a: put x 1
      end of r1: absent x`;
    expect(told(story)).toEqual([
      'stale-final: A replica holds in the end what had been overwritten.',
      '  a[0] put x = 1',
      '  r1 in the end: x -> nothing  after everything',
      'r1 in the end found nothing, although it depends on a[0]; nobody ever deleted it.',
    ]);
  });
});
