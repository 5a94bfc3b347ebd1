import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import { afterEach, describe, expect, it } from 'vitest';
import type { RequestOptions } from './caller.ts';
import { CallContext, runInContext } from './context.ts';
import type { EndpointState } from './core/explain.ts';
import { Parrot } from './testing/gen/parrot_pb.js';
import { failure, type Handler, Stage } from './testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

/** Answers each request with the next of these statuses, the last one for ever. */
function statuses(...list: readonly [number, Record<string, string>?][]): {
  handler: Handler;
  heard: unknown[];
} {
  const heard: unknown[] = [];
  const handler: Handler = (request, response) => {
    const [status, headers] = list[Math.min(heard.length, list.length - 1)] ?? [200];
    heard.push(request.headers['x-holdfast-attempt']);
    request.resume();
    response.writeHead(status, headers ?? {}).end();
  };
  return { handler, heard };
}

const contextOf = (attempt: number): CallContext =>
  new CallContext({ attempt, deadlineMs: stage.host.clock.nowMs() + 5_000, random: stage.host.random });

describe('which answers are repeated', () => {
  it.each([
    [500, 2, 1],
    [502, 2, 1],
    [503, 2, 1],
    [504, 2, 1],
    [429, 2, 1],
    [501, 1, 1],
    [505, 1, 1],
    [404, 1, 1],
    [200, 1, 1],
  ])('%i: %i times as a GET, %i time as a POST', async (status, gets, posts) => {
    const { handler, heard } = statuses([status]);
    const port = await stage.http(handler);
    const calls = stage.calls([port, port]);
    expect((await calls.request('a', { path: '/' })).status).toBe(status);
    expect(heard.length).toBe(gets);
    heard.length = 0;
    expect((await calls.request('a', { method: 'POST', path: '/' })).status).toBe(status);
    expect(heard.length).toBe(posts);
  });

  it('on declared routes, and on no other', async () => {
    const { handler, heard } = statuses([500]);
    const port = await stage.http(handler);
    const calls = stage.calls([port, port], { idempotent: ['POST /orders/:id'] });
    const sent = async (options: RequestOptions): Promise<number> => {
      heard.length = 0;
      await calls.request('a', { method: 'POST', ...options });
      return heard.length;
    };
    expect(await sent({ path: '/orders/7?now=1' })).toBe(2);
    expect(await sent({ path: '/orders/7/lines' })).toBe(1);
    expect(await sent({ path: '/other' })).toBe(1);
    expect(await sent({ path: '/orders/7', idempotent: false })).toBe(1);
    expect(await sent({ path: '/other', idempotent: true })).toBe(2);
  });
});

describe('Retry-After', () => {
  const askedFor = async (headers: Record<string, string>): Promise<EndpointState | undefined> => {
    const { handler } = statuses([503, headers]);
    const calls = stage.calls([await stage.http(handler), await stage.http(statuses([200]).handler)], {
      balance: 'round-robin',
    });
    for (let index = 0; index < 2; index++) {
      expect((await calls.request('a', { path: '/', timeoutMs: 15_000 })).status).toBe(200);
    }
    return calls.explain('a')[0]?.instances[0];
  };

  it('in seconds: the instance is passed over so long', async () => {
    const instance = await askedFor({ 'retry-after': '7' });
    expect(instance?.use).toBe('avoided');
    expect(instance?.why).toMatch(/^it asked for time; tried again in [67]\.\d s$/);
  });

  it('as a date: from the date of the answer on', async () => {
    const date = 'Sun, 06 Nov 1994 08:49:37 GMT';
    const instance = await askedFor({ date, 'retry-after': 'Sun, 06 Nov 1994 08:49:44 GMT' });
    expect(instance?.why).toMatch(/^it asked for time; tried again in [67]\.\d s$/);
  });

  it.each(['soon', '-1', '1.5', 'Sun, 06 Nov 1994 08:49:37 GMT'])('"%s" means nothing', async (value) => {
    expect((await askedFor({ 'retry-after': value }))?.use).toBe('preferred');
  });

  it('is given to nobody who did not refuse: not with a 500', async () => {
    const { handler } = statuses([500, { 'retry-after': '7' }]);
    const calls = stage.calls([await stage.http(handler)]);
    await calls.request('a', { path: '/' });
    expect(calls.explain('a')[0]?.instances[0]?.use).toBe('preferred');
  });
});

describe('the header that counts attempts', () => {
  it('is absent at first, then 2', async () => {
    const { handler, heard } = statuses([500], [200]);
    const port = await stage.http(handler);
    await stage.calls([port, port]).request('a', { path: '/' });
    expect(heard).toEqual([undefined, '2']);
  });

  it('within a retried request: counted on, and nothing that was sent is repeated', async () => {
    const { handler, heard } = statuses([500]);
    const port = await stage.http(handler);
    const calls = stage.calls([port, port]);
    await runInContext(contextOf(2), () => calls.request('a', { path: '/' }));
    expect(heard).toEqual(['2']);
    const dead = await stage.freePort();
    const passing = stage.calls([dead, port], { balance: 'round-robin' });
    for (let index = 0; index < 2; index++) {
      await runInContext(contextOf(3), () => passing.request('a', { path: '/' }));
    }
    // One of the two was refused a connection first: what never left is sent elsewhere.
    expect(heard.slice(1).sort()).toEqual(['3', '4']);
  });

  it('has its form in gRPC', async () => {
    const heard: unknown[] = [];
    const server = http2.createServer();
    server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
      heard.push(headers['grpc-previous-rpc-attempts']);
      // 14 is unavailable.
      stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '14' },
        { endStream: true },
      );
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    stage.later(() => server.close());
    const { port } = server.address() as AddressInfo;
    const calls = stage.calls([port, port]);
    const client = createClient(Parrot, calls.transport('a'));
    await failure(client.say({ text: 'x' }));
    expect(heard).toEqual([undefined, '1']);
    await failure(runInContext(contextOf(3), () => client.say({ text: 'x' })));
    expect(heard).toEqual([undefined, '1', '2']);
  });
});

describe('an instance that accepts and never answers', () => {
  const blackHole = async (): Promise<{ port: number; closed: Promise<unknown>; seen: () => number }> => {
    let seen = 0;
    const closed = Promise.withResolvers<void>();
    const port = await stage.raw((socket) => {
      socket.once('data', () => {
        seen += 1;
      });
      socket.once('close', () => closed.resolve());
    });
    return { port, closed: closed.promise, seen: () => seen };
  };

  it('is left for another well before the deadline (soft)', async () => {
    const silent = await blackHole();
    const good = await stage.http(statuses([200]).handler);
    const calls = stage.calls([silent.port, good], { balance: 'round-robin' });
    for (let index = 0; index < 2; index++) {
      expect((await calls.request('a', { path: '/', timeoutMs: 2_000 })).status).toBe(200);
    }
    expect(silent.seen()).toBeGreaterThan(0);
    await silent.closed;
    const late = calls.events.filter(
      (event) => event.type === 'attempt-ended' && event.result === 'timed-out',
    );
    expect(late.length).toBe(silent.seen());
  });

  it('keeps what nobody else can take, or must not be repeated, to its deadline (soft)', async () => {
    const silent = await blackHole();
    const alone = stage.calls([silent.port]);
    const two = stage.calls([silent.port, silent.port]);
    for (const promise of [
      alone.request('a', { path: '/', timeoutMs: 300 }),
      two.request('a', { method: 'POST', path: '/', timeoutMs: 300 }),
    ]) {
      const error = await failure(promise);
      expect(error.code).toBe('deadline_exceeded');
      expect(error.message).toContain('did not answer within 300 ms.');
    }
    for (const { events } of [alone, two]) {
      expect(events.at(-1)).toMatchObject({ type: 'call-ended', attempts: 1 });
    }
  });

  it('ends any attempt after attemptTimeoutMs (hard), and a GET goes elsewhere', async () => {
    const silent = await blackHole();
    const good = await stage.http(statuses([200]).handler);
    const calls = stage.calls([silent.port, good], { balance: 'round-robin', attemptTimeoutMs: 400 });
    const timeoutMs = 15_000;
    for (let index = 0; index < 2; index++) {
      expect((await calls.request('a', { path: '/', timeoutMs })).status).toBe(200);
    }
    const alone = stage.calls([silent.port]);
    for (const method of ['GET', 'POST']) {
      const options = { method, path: '/', timeoutMs, attemptTimeoutMs: 400 };
      const error = await failure(alone.request('a', options));
      expect([error.code, error.mayHaveExecuted]).toEqual(['deadline_exceeded', true]);
    }
  });
});

describe('hedging', () => {
  /** The first instance never answers, the second at once. */
  const upstream = async () => {
    const closed = Promise.withResolvers<void>();
    const silent = await stage.http((request, response) => {
      response.once('close', () => closed.resolve());
      request.resume();
    });
    const quick = statuses([200]);
    const ports = [silent, await stage.http(quick.handler)];
    return {
      calls: stage.calls(ports, { balance: 'round-robin', hedge: true }),
      quick,
      closed: closed.promise,
    };
  };

  it('asks a second instance; the first one sees that it is not wanted any more', async () => {
    const { calls, quick, closed } = await upstream();
    for (let index = 0; index < 2; index++) {
      expect((await calls.request('a', { path: '/', timeoutMs: 4_000 })).status).toBe(200);
    }
    await closed;
    expect(quick.heard).toContain('2');
    const results = calls.events.flatMap((event) => (event.type === 'attempt-ended' ? [event.result] : []));
    expect(results).toContain('abandoned');
    expect(results).not.toContain('timed-out');
  });

  it('is not for a call that must not be repeated', async () => {
    const { calls, quick } = await upstream();
    const post = () => calls.request('a', { method: 'POST', path: '/', timeoutMs: 400 });
    const ends = await Promise.allSettled([post(), post()]);
    expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(quick.heard).toEqual([undefined]);
  });
});
