import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import {
  brokenOff,
  failed,
  instances,
  ok,
  refused,
  type UnderTest,
  Upstream,
} from '../testing/upstream.ts';

/** A full upstream: one call under way at each instance, named after it, which is all it may have. */
function full(ids: readonly string[], options: UnderTest = {}): Upstream {
  const upstream = new Upstream([], { balance: 'round-robin', inFlightMax: 1, ...options });
  for (const [index, id] of ids.entries()) {
    upstream.know(instances(...ids.slice(0, index + 1)));
    upstream.call(id, { idempotent: true, timeoutMs: 60_000 });
    expect(upstream.take()).toEqual([`send ${id} to ${id} attempt 1`]);
  }
  return upstream;
}

describe('in-flight limit', () => {
  it('holds for each instance; a stream needs no room', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'p2c', inFlightMax: 3 });
    for (let index = 0; index < 10; index++) upstream.call(`x${index}`);
    expect([upstream.inFlight('a1'), upstream.inFlight('a2')]).toEqual([3, 3]);
    expect(upstream.core.queued).toBe(4);
    upstream.take();
    upstream.call('stream', { isStream: true });
    expect(upstream.take()[0]).toMatch(/^send stream to/);
    expect([upstream.inFlight('a1'), upstream.inFlight('a2')]).toEqual([3, 3]);
    upstream.cancel('stream');
    expect(upstream.endpoint('a1').streams + upstream.endpoint('a2').streams).toBe(0);
  });

  it('is 256 by default, as is the length of the queue', () => {
    const upstream = new Upstream(instances('a1'));
    for (let index = 0; index < 256 + 256; index++) upstream.call(`x${index}`);
    expect([upstream.inFlight('a1'), upstream.core.queued]).toEqual([256, 256]);
    upstream.take();
    upstream.call('one more');
    expect(upstream.take()[0]).toMatch(/^fail one more: unavailable/);
  });

  it('sends to whoever has room', () => {
    const upstream = full(['a1', 'a2', 'a3']);
    for (const id of ['a2', 'a1', 'a3']) {
      upstream.ends(id, ok);
      upstream.take();
      upstream.call(id, { timeoutMs: 60_000 });
      expect(upstream.take()).toEqual([`send ${id} to ${id} attempt 1`]);
    }
  });
});

describe('queue', () => {
  it('serves who waits in the order in which they came', () => {
    const upstream = full(['a1', 'a2']);
    for (const name of ['x', 'y', 'z']) upstream.call(name);
    expect(upstream.take()).toEqual(['queued x', 'queued y', 'queued z']);
    upstream.ends('a2', ok);
    upstream.ends('a1', ok);
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual([
      'deliver a2',
      'send x to a2 attempt 1',
      'deliver a1',
      'send y to a1 attempt 1',
      'deliver x',
      'send z to a2 attempt 1',
    ]);
    expect(upstream.core.queued).toBe(0);
  });

  it('ends a wait that took too long, with a time to come back', () => {
    for (const [ids, where] of [
      [['a1'], 'a at 127.0.0.1:1 is too busy'],
      [['a1', 'a2'], 'All 2 instances of a are too busy'],
    ] as const) {
      const upstream = full(ids);
      upstream.call('x');
      upstream.pass('x');
      expect(upstream.nowMs).toBe(limits.queueWaitMs);
      expect(upstream.take()).toEqual([
        'queued x',
        `fail x: unavailable, ${where}: too many calls are under way. Try again later.`,
      ]);
    }
  });

  it('is no longer than it may be; 0 is none at all', () => {
    for (const queueLengthMax of [0, 2]) {
      const upstream = full(['a1'], { queueLengthMax });
      for (let index = 0; index < queueLengthMax; index++) upstream.call(`x${index}`);
      upstream.call('refused');
      expect(upstream.get('refused').state).toBe('ended');
      expect(upstream.core.queued).toBe(queueLengthMax);
      upstream.ends('a1', ok);
      upstream.call('later');
      expect(upstream.get('later').state).toBe(queueLengthMax === 0 ? 'sending' : 'queued');
    }
  });

  it('has room again when one of those who wait leaves', () => {
    const upstream = full(['a1'], { queueLengthMax: 2 });
    for (const name of ['x', 'y']) upstream.call(name);
    upstream.cancel('y');
    upstream.call('z');
    expect(upstream.take()).toEqual(['queued x', 'queued y', 'fail y: cancelled, gave up', 'queued z']);
    upstream.ends('a1', ok);
    upstream.ends('x', ok);
    expect(upstream.take().slice(1)).toEqual([
      'send x to a1 attempt 1',
      'deliver x',
      'send z to a1 attempt 1',
    ]);
  });

  it('ends at the deadline when that comes first, and sends nothing afterwards', () => {
    const upstream = full(['a1']);
    upstream.call('x', { timeoutMs: 100 });
    upstream.call('y', { timeoutMs: 150 });
    upstream.pass('x');
    // Its timer is late.
    upstream.nowMs = 150;
    upstream.ends('a1', ok);
    expect(upstream.take().slice(2)).toEqual([
      'fail x: deadline_exceeded, a did not answer within 100 ms.',
      'deliver a1',
      'fail y: deadline_exceeded, a did not answer within 150 ms.',
    ]);
    expect(upstream.inFlight('a1')).toBe(0);
  });

  it.each([
    ['a call is cancelled', (upstream: Upstream) => upstream.cancel('a1')],
    ['an attempt fails', (upstream: Upstream) => upstream.ends('a1', failed)],
    ['an instance is added', (upstream: Upstream) => upstream.know(instances('a1', 'a2'))],
    [
      'a deadline passes',
      (upstream: Upstream) => {
        upstream.nowMs = 60_000;
        upstream.wake('a1');
      },
    ],
  ] as const)('moves on when %s', (_, happens) => {
    const upstream = full(['a1']);
    upstream.call('x', { timeoutMs: 120_000 });
    happens(upstream);
    expect(upstream.take().at(-1)).toMatch(/^send x to a\d attempt 1$/);
  });

  it('moves on when the rival of a committed attempt is abandoned', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 1 });
    upstream.call('hedged', { idempotent: true, hedge: true });
    const first = upstream.at('hedged');
    upstream.pass('hedged');
    upstream.call('x');
    upstream.take();
    upstream.commits('hedged', 2);
    expect(upstream.take()).toEqual([
      `abort hedged at ${first}: abandoned`,
      `send x to ${first} attempt 1`,
    ]);
  });

  it('fails everybody at once when no instance is left', () => {
    const upstream = full(['a1']);
    for (const name of ['x', 'y']) upstream.call(name);
    upstream.take();
    upstream.know([]);
    expect(upstream.take()).toEqual([
      'fail x: unavailable, No instance of a is registered and ready.',
      'fail y: unavailable, No instance of a is registered and ready.',
    ]);
  });

  it('tells those who wait that the process is stopping', () => {
    const upstream = full(['a1']);
    for (const name of ['x', 'y']) upstream.call(name);
    upstream.take();
    upstream.close();
    const why = 'cancelled, The call of a was given up: the process is stopping.';
    expect(upstream.take()).toEqual([
      'abort a1 at a1: abandoned',
      `fail a1: ${why}`,
      `fail x: ${why}`,
      `fail y: ${why}`,
    ]);
  });

  it('is not held up by a call that only some instances may take', () => {
    const upstream = full(['a1', 'a2']);
    upstream.ends('a1', failed);
    upstream.call('in between', { timeoutMs: 60_000 });
    upstream.pass('a1');
    upstream.call('x');
    upstream.call('y');
    expect(upstream.take()).toEqual([
      'backing-off a1',
      'send in between to a1 attempt 1',
      'queued a1',
      'queued x',
      'queued y',
    ]);
    upstream.ends('in between', ok);
    expect(upstream.take()).toEqual(['deliver in between', 'send x to a1 attempt 1']);
    upstream.ends('a2', ok);
    expect(upstream.take()).toEqual(['deliver a2', 'send a1 to a2 attempt 2']);
    expect(upstream.core.queued).toBe(1);
  });

  it('gives back what an earlier attempt brought rather than say that there was no room', () => {
    for (const [outcome, ending] of [
      [failed, 'deliver a1'],
      [brokenOff, 'fail a1: unavailable, broke off'],
    ] as const) {
      const upstream = full(['a1', 'a2']);
      upstream.ends('a1', outcome);
      upstream.pass('a1');
      upstream.take();
      upstream.pass('a1');
      expect(upstream.take()).toEqual([ending]);
    }
  });

  it('lets nobody overtake when time has made room', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 1 });
    for (let index = 0; upstream.at('x') !== 'a1'; index++) {
      if (index > 0) upstream.ends('x', ok);
      upstream.call('x', { timeoutMs: 60_000 });
    }
    // Refused and sent elsewhere: a1 is passed over for 250 ms, a2 is full.
    upstream.ends('x', refused);
    expect(upstream.at('x')).toBe('a2');
    upstream.nowMs += 100;
    upstream.call('early');
    upstream.call('second');
    upstream.take();
    upstream.nowMs += limits.unreachableBaseMs - 100;
    upstream.call('new');
    expect(upstream.take()).toEqual(['send early to a1 attempt 1', 'queued new']);
    upstream.ends('early', ok);
    expect(upstream.take()).toEqual(['deliver early', 'send second to a1 attempt 1']);
  });

  it('looks once more for room before it turns a call away', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 1 });
    for (let index = 0; upstream.at('x') !== 'a1'; index++) {
      if (index > 0) upstream.ends('x', ok);
      upstream.call('x', { timeoutMs: 60_000 });
    }
    upstream.ends('x', refused);
    upstream.call('waits');
    upstream.take();
    upstream.nowMs = limits.queueWaitMs;
    upstream.wake('waits');
    expect(upstream.take()).toEqual(['send waits to a1 attempt 1']);
  });
});

describe('looking up', () => {
  it('forgets a call that is cancelled meanwhile', () => {
    const upstream = new Upstream(undefined);
    upstream.call('x');
    upstream.call('y');
    upstream.cancel('x');
    upstream.know(instances('a1'));
    expect(upstream.take()).toEqual([
      'looking-up x',
      'looking-up y',
      'fail x: cancelled, gave up',
      'send y to a1 attempt 1',
    ]);
  });

  it('sends nothing that has no time left, be it since it began', () => {
    const upstream = new Upstream(undefined);
    upstream.call('x', { timeoutMs: 100 });
    upstream.nowMs = 100;
    upstream.know(instances('a1'));
    upstream.call('y', { timeoutMs: 0 });
    expect(upstream.take()).toEqual([
      'looking-up x',
      'fail x: deadline_exceeded, a did not answer within 100 ms.',
      'fail y: deadline_exceeded, a did not answer within 1 ms.',
    ]);
  });

  it('goes over into the queue when there are more calls than room', () => {
    const upstream = new Upstream(undefined, { balance: 'round-robin', inFlightMax: 1 });
    for (const name of ['x', 'y']) upstream.call(name);
    upstream.know(instances('a1'));
    expect(upstream.take().slice(2)).toEqual(['send x to a1 attempt 1', 'queued y']);
  });
});
