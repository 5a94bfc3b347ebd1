import { afterEach, describe, expect, it } from 'vitest';
import { attemptHeader } from './context.ts';
import { limits } from './limits.ts';
import { failure, Stage } from './testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

describe('a connection that breaks after it had served', () => {
  it('has its requests sent again within the retry budget only, and marked as retries', async () => {
    const used = new WeakSet<object>();
    let isBreaking = false;
    let unmarked = 0;
    let seen = 0;
    const port = await stage.http((request, response) => {
      seen += 1;
      if (request.headers[attemptHeader] === undefined) unmarked += 1;
      // Read, perhaps carried out, and then cut off without an answer.
      if (isBreaking && used.has(request.socket)) request.socket.resetAndDestroy();
      else response.end('ok');
      used.add(request.socket);
    });
    const calls = stage.calls([port]);
    for (let index = 0; index < 20; index++) await calls.request('a', { path: '/' });
    isBreaking = true;
    const startedMs = performance.now();
    const [seenBefore, unmarkedBefore] = [seen, unmarked];
    const count = 600;
    for (let index = 0; index < count; index++) await calls.request('a', { path: '/' }).catch(() => {});
    const tookS = (performance.now() - startedMs) / 1_000;
    expect(unmarked - unmarkedBefore).toBe(count);
    const more = seen - seenBefore - count;
    expect(more).toBeGreaterThan(20);
    const saved = limits.retryBudgetSavedMin + 20;
    expect(more).toBeLessThanOrEqual(0.2 * count + limits.retryBudgetPerS * tookS + saved);
  });
});

describe('an answer streamed through the dispatcher', () => {
  it('that begins and then stalls speaks against its instance', async () => {
    const stalling = await stage.http((_, response) => {
      response.writeHead(200, { 'content-length': '10' });
      response.write('x');
    });
    const good = await stage.http((_, response) => response.end('ok'));
    const calls = stage.calls([stalling, good], { balance: 'round-robin' });
    const { request } = await import('undici');
    const dispatcher = calls.dispatcher(undefined, { timeoutMs: 250 });
    let failures = 0;
    for (let index = 0; index < 30; index++) {
      const read = async (): Promise<string> => (await request('http://a/', { dispatcher })).body.text();
      await read().catch(() => {
        failures += 1;
      });
    }
    expect(failures).toBeGreaterThan(0);
    expect(failures).toBeLessThanOrEqual(8);
    expect(calls.events.some((event) => event.type === 'ejected' && event.instance === 'a-1')).toBe(true);
  });
});

describe('fetch', () => {
  it('does not wait for ever for the body it is to send', async () => {
    const port = await stage.http((_, response) => response.end('ok'));
    const calls = stage.calls([port]);
    const body = new ReadableStream({ pull: () => new Promise(() => {}) });
    const init = { method: 'POST', body, duplex: 'half', holdfast: { timeoutMs: 50 } } as const;
    const error = await failure(calls.fetch('http://a/', init as RequestInit));
    expect(error).toMatchObject({ code: 'deadline_exceeded', mayHaveExecuted: false });
  });

  it('says that the body it is to send cannot be read', async () => {
    const port = await stage.http((_, response) => response.end('ok'));
    const body = new ReadableStream({
      pull() {
        throw new Error('no more');
      },
    });
    const init = { method: 'POST', body, duplex: 'half' } as RequestInit;
    const error = await failure(stage.calls([port]).fetch('http://a/', init));
    expect(error).toMatchObject({
      code: 'cancelled',
      message: 'The body of the request could not be read.',
    });
  });
});
