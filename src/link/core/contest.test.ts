import { describe, expect, it } from 'vitest';
import { adopts, follows, isArbiter, seenOf } from './contest.ts';

describe('the contest of connections', () => {
  it('has one arbiter', () => {
    expect([isArbiter('a:1', 'b:1'), isArbiter('b:1', 'a:1')]).toEqual([true, false]);
    expect([isArbiter('a:9', 'a:10'), isArbiter('a:10', 'a:9')]).toEqual([false, true]);
  });

  it('is won by the one that stands, unless its peer has lost it or is another', () => {
    const present = { session: 's', number: 4 };
    expect(adopts(undefined, { session: 's', seen: 0 })).toBe(true);
    // Both dialled at once: the peer did not know yet of the one that stands.
    expect(adopts(present, { session: 's', seen: 3 })).toBe(false);
    // It knew, and dials nevertheless.
    expect(adopts(present, { session: 's', seen: 4 })).toBe(true);
    expect(adopts(present, { session: 'restarted', seen: 0 })).toBe(true);
  });

  it('is followed to the latest decision only', () => {
    const seen = { session: 's', number: 4 };
    expect(follows(undefined, { session: 's', number: 1 })).toBe(true);
    expect(follows(seen, { session: 's', number: 5 })).toBe(true);
    expect(follows(seen, { session: 's', number: 4 })).toBe(false);
    expect(follows(seen, { session: 's', number: 3 })).toBe(false);
    expect(follows(seen, { session: 'restarted', number: 1 })).toBe(true);
    expect([seenOf(undefined, 's'), seenOf(seen, 's'), seenOf(seen, 'restarted')]).toEqual([0, 4, 0]);
  });
});
