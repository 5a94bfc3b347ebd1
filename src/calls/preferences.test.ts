import * as undici from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { failure, type Handler, Stage } from './testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

const named =
  (name: string): Handler =>
  (_, response) => {
    response.setHeader('x-name', name);
    response.end();
  };

describe('keys', () => {
  it('of one value go to one instance by ring-hash, and different ones to several', async () => {
    const names = ['one', 'two', 'three'];
    const ports = await Promise.all(names.map((name) => stage.http(named(name))));
    const calls = stage.calls(ports, { balance: 'ring-hash' });
    const reached = new Map<string, string>();
    for (let index = 0; index < 30; index++) {
      const key = `user-${index % 10}`;
      const own = await calls.request('a', { path: '/', key });
      const fetched = await calls.fetch('http://a/', { holdfast: { key } });
      const dispatched = await undici.request('http://a/', { dispatcher: calls.dispatcher('a', { key }) });
      await dispatched.body.dump();
      const name = String(own.headers['x-name']);
      expect(fetched.headers.get('x-name')).toBe(name);
      expect(dispatched.headers['x-name']).toBe(name);
      expect(reached.get(key) ?? name).toBe(name);
      reached.set(key, name);
    }
    expect(new Set(reached.values()).size).toBeGreaterThan(1);
  });
});

describe('an instance that is full', () => {
  it('makes calls wait, then turns them away with a time to come back', async () => {
    const waiting: (() => void)[] = [];
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http((_, response) => {
      waiting.push(() => response.end('done'));
      arrived.resolve();
    });
    const calls = stage.calls([port], { inFlightMax: 1, queueLengthMax: 1 });
    const options = { method: 'POST', path: '/', timeoutMs: 15_000 };
    const first = calls.request('a', options);
    await arrived.promise;
    const second = calls.request('a', options);
    const third = await failure(calls.request('a', options));
    expect(third).toMatchObject({
      code: 'unavailable',
      mayHaveExecuted: false,
      retryAfterMs: limits.tooBusyRetryAfterMs,
    });
    expect(third.message).toContain('is too busy');
    const dispatched = calls.dispatcher().request({ origin: 'http://a', path: '/', method: 'GET' });
    expect((await failure(dispatched)).retryAfterMs).toBe(limits.tooBusyRetryAfterMs);
    expect(calls.explain('a')[0]).toMatchObject({
      queued: 1,
      inFlightMax: 1,
      instances: [{ use: 'full', inFlight: 1 }],
    });
    waiting[0]?.();
    expect((await first).text()).toBe('done');
    while (waiting.length < 2) await new Promise((resolve) => setImmediate(resolve));
    waiting[1]?.();
    expect((await second).text()).toBe('done');
  });

  it('waits no longer than the queue lets it', async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http(() => arrived.resolve());
    const calls = stage.calls([port], { inFlightMax: 1 });
    const first = failure(calls.request('a', { path: '/', timeoutMs: 15_000 }));
    await arrived.promise;
    const startedAtMs = performance.now();
    const second = await failure(calls.request('a', { path: '/', timeoutMs: 15_000 }));
    expect(second.retryAfterMs).toBe(limits.tooBusyRetryAfterMs);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(limits.queueWaitMs - 1);
    await calls.close();
    expect((await first).code).toBe('cancelled');
  });
});

describe('fetch', () => {
  it('takes what a call may want besides in init.holdfast', async () => {
    let seen = 0;
    const port = await stage.http((_, response) => {
      seen += 1;
      if (seen < 3) response.writeHead(500);
      if (seen < 4) response.end();
    });
    const calls = stage.calls([port, port]);
    const post = (holdfast = {}) => calls.fetch('http://a/', { method: 'POST', body: 'x', holdfast });
    expect((await post()).status).toBe(500);
    expect((await post({ idempotent: true })).status).toBe(200);
    expect(seen).toBe(3);
    const late = await failure(post({ timeoutMs: 120 }));
    expect([late.code, late.message]).toEqual([
      'deadline_exceeded',
      expect.stringContaining('did not answer within 120 ms.'),
    ]);
    const wrong = await failure(post({ attemptTimeoutMs: -1 }));
    expect([wrong.code, wrong.message]).toEqual([
      'invalid_argument',
      'attemptTimeoutMs must be more than 0, not -1.',
    ]);
  });
});

describe('explain', () => {
  it('says what is known of each service that was called', async () => {
    const good = await stage.http(named('good'));
    const dead = await stage.freePort();
    const calls = stage.calls([good, dead], { balance: 'round-robin', inFlightMax: 7 });
    expect(calls.explain()).toEqual([]);
    for (let index = 0; index < 4; index++) await calls.request('a', { path: '/' });
    await failure(calls.request('nobody', { path: '/' }));
    expect(calls.explain().map(({ service }) => service)).toEqual(['a', 'nobody']);
    expect(calls.explain('nobody')).toMatchObject([{ lookup: 'unreachable', instances: [] }]);
    expect(calls.explain('a')).toMatchObject([
      {
        service: 'a',
        balance: 'round-robin',
        lookup: 'known',
        queued: 0,
        inFlightMax: 7,
        instances: [
          {
            id: 'a-1',
            address: `127.0.0.1:${good}`,
            use: 'preferred',
            why: 'healthy',
            good: 4,
            inFlight: 0,
          },
          { id: 'a-2', address: `127.0.0.1:${dead}`, use: 'avoided', good: 0, breaker: 'closed' },
        ],
      },
    ]);
    expect(calls.explain('a')[0]?.instances[1]?.why).toMatch(/^it could not be reached; tried again in/);
  });
});
