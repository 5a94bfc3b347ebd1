import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { brokenOff, failed, instances, ok, overloaded, Upstream } from '../testing/upstream.ts';

const idempotent = { idempotent: true };

/** Two instances of a service whose answers take so long. */
function taught(latencyMs: number, ids = ['a1', 'a2']): Upstream {
  const upstream = new Upstream(instances(...ids));
  upstream.teach(latencyMs, 2 * limits.latencySamplesMin);
  return upstream;
}

/** After how long the first attempt of a call looks elsewhere. */
function patienceOf(upstream: Upstream, timeoutMs: number): number {
  upstream.call('timed', { ...idempotent, timeoutMs });
  const dueMs = (upstream.attempt('timed').dueMs as number) - upstream.nowMs;
  upstream.ends('timed', ok);
  upstream.take();
  return dueMs;
}

describe('attempt timeout', () => {
  it('is three times the p99, within a minimum and half of what remains', () => {
    expect(patienceOf(new Upstream(instances('a1', 'a2')), 1_000)).toBe(500);
    expect(patienceOf(taught(1), 1_000)).toBe(limits.attemptTimeoutMinMs);
    const usual = patienceOf(taught(60), 1_000);
    expect(usual).toBeGreaterThanOrEqual(3 * 60);
    expect(usual).toBeLessThanOrEqual(3 * 60 * 1.16);
    expect(patienceOf(taught(60), 200)).toBe(100);
    expect(patienceOf(taught(400), 1_000)).toBe(500);
  });

  it('leaves a black hole for another instance, and holds it against that one', () => {
    const upstream = taught(10);
    upstream.call('x', idempotent);
    const hole = upstream.at('x') as string;
    upstream.pass('x');
    const other = hole === 'a1' ? 'a2' : 'a1';
    expect(upstream.take()).toEqual([
      `send x to ${hole} attempt 1`,
      `abort x at ${hole}: timed-out`,
      `send x to ${other} attempt 2`,
    ]);
    expect(upstream.endpoint(hole).recent.badInARow).toBe(1);
    expect(upstream.inFlight(hole)).toBe(0);
    upstream.ends('x', failed, 1);
    expect(upstream.take()).toEqual([]);
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual(['deliver x']);
  });

  it('teaches how slow the service as a whole has become', () => {
    const upstream = taught(1);
    const before = upstream.core.patience.p99Ms(upstream.nowMs) as number;
    upstream.call('x', idempotent);
    upstream.pass('x');
    upstream.nowMs += limits.quantileKeptMs;
    expect(before).toBeLessThan(2);
    expect(upstream.core.patience.p99Ms(upstream.nowMs)).toBeGreaterThanOrEqual(limits.attemptTimeoutMinMs);
  });

  it.each([
    ['may not be repeated', {}],
    ['belongs to a retry', { ...idempotent, isWithinRetry: true }],
    ['is a stream', { ...idempotent, isStream: true }],
  ] as const)('leaves a call alone that %s', (_, terms) => {
    const upstream = taught(10);
    upstream.call('x', terms);
    expect(upstream.get('x').wakeAtMs).toBe(upstream.get('x').deadlineMs);
    upstream.pass('x');
    expect(upstream.take().at(-1)).toMatch(/^fail x: deadline_exceeded, a\d at .* within 1000 ms/);
  });

  it('leaves the third attempt all the time there is', () => {
    const upstream = taught(10, ['a1', 'a2', 'a3', 'a4']);
    upstream.call('x', idempotent);
    upstream.pass('x');
    upstream.pass('x');
    expect(upstream.attempt('x').number).toBe(3);
    expect(upstream.get('x').wakeAtMs).toBe(upstream.get('x').deadlineMs);
  });

  it.each([
    ['there is no other instance', (upstream: Upstream) => upstream.know(instances('a1'))],
    [
      'the budget is used up',
      (upstream: Upstream) => {
        while (upstream.core.budget.spend(upstream.nowMs + 100));
      },
    ],
    ['the other is ejected', (upstream: Upstream) => upstream.eject('a2')],
    [
      'the other asked for time',
      (upstream: Upstream) => {
        upstream.endpoint('a2').avoidFor(5_000, upstream.nowMs);
      },
    ],
    [
      'the other has no room',
      (upstream: Upstream) => {
        for (let index = 0; upstream.inFlight('a2') !== limits.inFlightMax; index++) {
          upstream.call(`held ${index}`, { timeoutMs: 60_000 });
          if (upstream.at(`held ${index}`) === 'a1') upstream.ends(`held ${index}`, ok);
        }
      },
    ],
  ] as const)('goes on waiting when %s', (_, hinder) => {
    const upstream = taught(10);
    for (let index = 0; upstream.at('x') !== 'a1'; index++) {
      if (index > 0) upstream.ends('x', ok);
      upstream.call('x', idempotent);
    }
    hinder(upstream);
    upstream.take();
    upstream.pass('x');
    expect(upstream.take()).toEqual([]);
    expect(upstream.get('x').wakeAtMs).toBe(upstream.get('x').deadlineMs);
    upstream.nowMs += 200;
    upstream.ends('x', ok);
    expect(upstream.take()).toEqual(['deliver x']);
  });

  it('no more matters once an answer has begun to reach the caller', () => {
    const upstream = taught(10);
    upstream.call('x', { ...idempotent, attemptTimeoutMs: 50 });
    upstream.commits('x');
    expect(upstream.get('x').wakeAtMs).toBe(upstream.get('x').deadlineMs);
  });
});

describe('attempt timeout given by the caller', () => {
  const hard = { ...idempotent, attemptTimeoutMs: 50 };

  it('ends the attempt; another instance is asked', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', hard);
    upstream.pass('x');
    expect(upstream.nowMs).toBe(50);
    expect(upstream.take().slice(1)).toEqual([
      expect.stringMatching(/^abort x at a\d: timed-out$/),
      expect.stringMatching(/^send x to a\d attempt 2$/),
    ]);
  });

  it('fails a call that may not be repeated, or has nowhere else to go', () => {
    for (const [terms, ids] of [
      [{ attemptTimeoutMs: 50 }, ['a1', 'a2']],
      [{ ...hard, isWithinRetry: true }, ['a1', 'a2']],
      [hard, ['a1']],
    ] as const) {
      const upstream = new Upstream(instances(...ids));
      upstream.call('x', terms);
      upstream.pass('x');
      expect(upstream.take().slice(1)).toEqual([
        expect.stringMatching(/^abort x at a\d: timed-out$/),
        expect.stringMatching(/^fail x: deadline_exceeded, a\d at 127.0.0.1:1 did not answer within 50 ms/),
      ]);
    }
  });

  it('ends each of two attempts of a hedged call in its own time, and lets in who waits', () => {
    const upstream = new Upstream(instances('a1', 'a2'), { balance: 'round-robin', inFlightMax: 1 });
    upstream.call('x', { idempotent: true, attemptTimeoutMs: 300, hedge: true });
    upstream.pass('x');
    upstream.call('waiting', { timeoutMs: 5_000 });
    const [first, second] = [upstream.attempt('x', 1), upstream.attempt('x', 2)].map(
      ({ endpoint }) => endpoint.instance.id,
    );
    upstream.take();
    upstream.get('waiting').resumeAtMs = Number.POSITIVE_INFINITY;
    upstream.pass('x');
    expect(upstream.nowMs).toBe(300);
    expect(upstream.take()).toEqual([
      `abort x at ${first}: timed-out`,
      `send waiting to ${first} attempt 1`,
    ]);
    upstream.pass('x');
    expect(upstream.take()[0]).toBe(`abort x at ${second}: timed-out`);
    expect(upstream.get('x').state).toBe('ended');
  });
});

describe('deadline', () => {
  it('speaks against an instance that had as long as answers take, not against one that had less', () => {
    for (const [timeoutMs, bad] of [
      [200, 1],
      [20, 0],
    ] as const) {
      const upstream = taught(60, ['a1']);
      upstream.call('x', { timeoutMs });
      upstream.pass('x');
      expect(upstream.get('x').state).toBe('ended');
      expect(upstream.endpoint('a1').recent.bad, `${timeoutMs} ms`).toBe(bad);
      expect(upstream.inFlight('a1')).toBe(0);
    }
  });

  it('brings the answer that an earlier attempt had, when nothing else is under way', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('x', idempotent);
    upstream.ends('x', overloaded);
    upstream.nowMs = 1_000;
    upstream.wake('x');
    expect(upstream.take().slice(1)).toEqual(['backing-off x', 'deliver x']);
  });

  it('is not waited for when a retry could not be sent before it', () => {
    const upstream = new Upstream(instances('a1', 'a2'));
    upstream.call('answered', { ...idempotent, timeoutMs: 100 });
    upstream.call('broken', { ...idempotent, timeoutMs: 100 });
    upstream.nowMs = 99.99;
    upstream.ends('answered', overloaded);
    upstream.ends('broken', brokenOff);
    expect(upstream.take().slice(2)).toEqual(['deliver answered', 'fail broken: unavailable, broke off']);
  });
});
