import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { CallContext, contextFromHeaders, runInContext } from './context.ts';
import { limits } from './limits.ts';
import { failure, type Handler, Stage } from './testing/stage.ts';
import { parseTraceparent } from './trace.ts';

const stage = new Stage();
const { host } = stage;

afterEach(async () => {
  host.faults.healAll();
  await stage.clear();
});

const callsTo = (...ports: number[]) => stage.calls(ports);

const echoBody: Handler = (request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('x-method', request.method ?? '');
    response.end(Buffer.concat(chunks));
  });
};

describe('request', () => {
  it('brings status, headers and body, whatever the status', async () => {
    const port = await stage.http((_, response) => {
      response.writeHead(418, { 'x-kind': 'teapot', 'content-type': 'application/json' });
      response.end('{"short":"and stout"}');
    });
    const answer = await callsTo(port).request('a', { path: '/' });
    expect(answer.status).toBe(418);
    expect(answer.headers['x-kind']).toBe('teapot');
    expect(answer.json()).toEqual({ short: 'and stout' });
  });

  it('sends a body with any method', async () => {
    const port = await stage.http(echoBody);
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH']) {
      const answer = await callsTo(port).request('a', { method, path: '/', json: { grüße: '🎈' } });
      expect(answer.json()).toEqual({ grüße: '🎈' });
      expect(answer.headers['x-method']).toBe(method);
    }
  });

  it('puts a body of many chunks together', async () => {
    const bytes = Buffer.alloc(3 * 1024 * 1024, 'abcdefg');
    const port = await stage.http((_, response) => response.end(bytes));
    const answer = await callsTo(port).request('a', { path: '/' });
    expect(bytes.equals(answer.bytes)).toBe(true);
  });

  it('fails an answer over the bound', async () => {
    const port = await stage.http((_, response) => response.end(Buffer.alloc(limits.answerBytesMax + 1)));
    const error = await failure(callsTo(port).request('a', { path: '/', timeoutMs: 10_000 }));
    expect(error.code).toBe('resource_exhausted');
    expect(error.message).toContain(`larger than ${limits.answerBytesMax} bytes`);
  });

  it('ends at the deadline, the default one second', async () => {
    const port = await stage.http(() => {});
    const startedAtMs = performance.now();
    const error = await failure(callsTo(port).request('a', { path: '/' }));
    const tookMs = performance.now() - startedAtMs;
    expect(error.code).toBe('deadline_exceeded');
    expect(error.message).toBe(`a-1 at 127.0.0.1:${port} did not answer within 1000 ms.`);
    expect(tookMs).toBeGreaterThanOrEqual(1_000);
    expect(tookMs).toBeLessThan(1_500);
  });

  it('closes the connection of a call that was given up: the upstream learns of it', async () => {
    const aborted = Promise.withResolvers<void>();
    const port = await stage.http((request) => {
      request.on('close', () => aborted.resolve());
    });
    const error = await failure(callsTo(port).request('a', { path: '/', timeoutMs: 50 }));
    expect(error.code).toBe('deadline_exceeded');
    await aborted.promise;
  });

  it('stops when its signal is aborted, before and during', async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http(() => arrived.resolve());
    const calls = callsTo(port);
    const before = await failure(calls.request('a', { path: '/', signal: AbortSignal.abort() }));
    expect([before.code, before.mayHaveExecuted]).toEqual(['cancelled', false]);
    const controller = new AbortController();
    const during = failure(calls.request('a', { path: '/', signal: controller.signal }));
    await arrived.promise;
    controller.abort();
    expect((await during).code).toBe('cancelled');
  });

  it('says that nobody listens, that nothing was sent, and why', async () => {
    const port = await stage.freePort();
    const error = await failure(callsTo(port).request('a', { method: 'POST', path: '/' }));
    expect([error.code, error.mayHaveExecuted]).toEqual(['unavailable', false]);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('goes to another instance when one refuses, whatever the method', async () => {
    const good = await stage.http(echoBody);
    const dead = await stage.freePort();
    const calls = callsTo(dead, good);
    for (let index = 0; index < 30; index++) {
      const answer = await calls.request('a', { method: 'POST', path: '/', body: `n${index}` });
      expect(answer.text()).toBe(`n${index}`);
    }
    expect(calls.events.some((event) => event.type === 'attempt-ended' && event.attempt === 2)).toBe(true);
  });

  it.each([
    ['cut off after the request', (socket: Socket) => socket.once('data', () => socket.destroy())],
    [
      'half a body',
      (socket: Socket) =>
        socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf')),
    ],
    [
      'half a chunked body',
      (socket: Socket) =>
        socket.once('data', () =>
          socket.end('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nha'),
        ),
    ],
  ])('%s: unavailable, may have executed; repeated only when idempotent', async (_, onSocket) => {
    let seen = 0;
    const port = await stage.raw((socket) => {
      socket.once('data', () => {
        seen += 1;
      });
      onSocket(socket);
    });
    const error = await failure(callsTo(port, port).request('a', { method: 'POST', path: '/' }));
    expect([error.code, error.mayHaveExecuted]).toEqual(['unavailable', true]);
    expect(seen).toBe(1);
    await failure(callsTo(port, port).request('a', { path: '/' }));
    expect(seen).toBe(3);
  });

  it('says so when the answer is no HTTP', async () => {
    const port = await stage.raw((socket) =>
      socket.once('data', () => socket.end('220 smtp.example ESMTP\r\n')),
    );
    const error = await failure(callsTo(port).request('a', { path: '/' }));
    expect(error.code).toBe('internal');
    expect(error.message).toBe(`a-1 at 127.0.0.1:${port} answered with something that is not HTTP.`);
  });

  it('repeats a 5xx of an idempotent call elsewhere, and delivers the last', async () => {
    const seen = { busy: 0, broken: 0 };
    const busy = await stage.http((_, response) => {
      seen.busy += 1;
      response.writeHead(503).end('busy');
    });
    const broken = await stage.http((_, response) => {
      seen.broken += 1;
      response.writeHead(500).end('broken');
    });
    expect((await callsTo(busy, busy).request('a', { path: '/' })).status).toBe(503);
    expect((await callsTo(broken, broken).request('a', { path: '/' })).status).toBe(500);
    expect((await callsTo(busy, busy).request('a', { method: 'POST', path: '/' })).status).toBe(503);
    expect((await callsTo(broken, broken).request('a', { method: 'POST', path: '/' })).status).toBe(500);
    expect(seen).toEqual({ busy: 3, broken: 3 });
  });

  it('refuses a timeout that is none and a path that is none', async () => {
    const calls = callsTo(1);
    expect((await failure(calls.request('a', { path: '/', timeoutMs: 0 }))).code).toBe('invalid_argument');
    expect((await failure(calls.request('a', { path: '/', timeoutMs: Number.NaN }))).code).toBe(
      'invalid_argument',
    );
    expect((await failure(calls.request('a', { path: 'no slash' }))).code).toBe('invalid_argument');
    expect((await failure(calls.request('a', { path: '/', headers: { 'a\nb': 'x' } }))).code).toBe(
      'invalid_argument',
    );
  });

  it('fails after close', async () => {
    const calls = callsTo(1);
    await calls.close();
    expect((await failure(calls.request('a', { path: '/' }))).code).toBe('failed_precondition');
  });
});

describe('what travels from hop to hop', () => {
  const heard: Handler = (request, response) => response.end(JSON.stringify(request.headers));

  it('sends the remaining time and a new trace', async () => {
    const port = await stage.http(heard);
    const answer = await callsTo(port).request('a', { path: '/', timeoutMs: 700 });
    const headers = answer.json() as Record<string, string>;
    expect(Number(headers['x-holdfast-timeout-ms'])).toBeGreaterThan(500);
    expect(Number(headers['x-holdfast-timeout-ms'])).toBeLessThanOrEqual(700);
    expect(parseTraceparent(headers.traceparent)).toBeDefined();
  });

  it('keeps the trace and never extends the deadline of the request being handled', async () => {
    const port = await stage.http(heard);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const incoming = { traceparent, tracestate: 'vendor=1', 'x-holdfast-timeout-ms': '300' };
    const context = contextFromHeaders(incoming, host.clock, host.random);
    const answer = await runInContext(context, () =>
      callsTo(port).request('a', { path: '/', timeoutMs: 9_000 }),
    );
    const headers = answer.json() as Record<string, string>;
    expect(Number(headers['x-holdfast-timeout-ms'])).toBeLessThanOrEqual(300);
    expect(headers.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(headers.traceparent).not.toBe(traceparent);
    expect(headers.tracestate).toBe('vendor=1');
  });

  it('an incoming deadline stands in for the default one', async () => {
    const port = await stage.http(heard);
    const context = new CallContext({ deadlineMs: host.clock.nowMs() + 5_000, random: host.random });
    const answer = await callsTo(port).request('a', { path: '/', context });
    expect(Number((answer.json() as Record<string, string>)['x-holdfast-timeout-ms'])).toBeGreaterThan(
      4_000,
    );
  });

  it('sends nothing once the deadline has passed', async () => {
    let seen = 0;
    const port = await stage.http((_, response) => {
      seen += 1;
      response.end();
    });
    const context = new CallContext({ deadlineMs: host.clock.nowMs() - 1, random: host.random });
    const error = await failure(callsTo(port).request('a', { path: '/', context }));
    expect([error.code, error.mayHaveExecuted, seen]).toEqual(['deadline_exceeded', false, 0]);
  });

  it.each(['', '-1', '1.5', 'abc', '1e3', '9999999999', ' 5'])('ignores the timeout "%s"', (timeout) => {
    const context = contextFromHeaders({ 'x-holdfast-timeout-ms': timeout }, host.clock, host.random);
    expect(context.deadlineMs).toBeUndefined();
  });
});

describe('fetch', () => {
  it('answers a Response', async () => {
    const port = await stage.http(echoBody);
    const response = await callsTo(port).fetch('http://a/path?x=1', { method: 'POST', body: 'hällo' });
    expect(response.status).toBe(200);
    expect(response.headers.get('x-method')).toBe('POST');
    expect(await response.text()).toBe('hällo');
  });

  it('has no body where HTTP has none', async () => {
    const port = await stage.http((_, response) => response.writeHead(204).end());
    const response = await callsTo(port).fetch('http://a/');
    expect([response.status, response.body]).toEqual([204, null]);
  });

  it('rejects with the reason of its signal', async () => {
    const port = await stage.http(() => {});
    const controller = new AbortController();
    const promise = callsTo(port).fetch('http://a/', { signal: controller.signal });
    controller.abort(new Error('enough'));
    await expect(promise).rejects.toThrow('enough');
  });

  it('says that calls were closed under it, for nobody aborted its signal', async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http(() => arrived.resolve());
    const calls = callsTo(port);
    const error = failure(calls.fetch('http://a/', { holdfast: { timeoutMs: 15_000 } }));
    await arrived.promise;
    await calls.close();
    expect((await error).code).toBe('cancelled');
  });

  it('wants a service, not an address', async () => {
    const error = await failure(callsTo(1).fetch('https://example.com/'));
    expect(error.message).toBe('Write the address as http://<service>/<path>, not "https://example.com/".');
  });
});

describe('injected faults', () => {
  it('hold a call back, cut it off, and are gone when healed', async () => {
    const port = await stage.http(echoBody);
    const calls = callsTo(port);
    const slow = host.faults.inject({ kind: 'call', service: 'a', delayMs: 80 });
    const startedAtMs = performance.now();
    expect((await calls.request('a', { path: '/' })).status).toBe(200);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(80);
    host.faults.heal(slow);
    const cut = host.faults.inject({ kind: 'call', service: 'a', instance: 'a-1', drop: true });
    const error = await failure(calls.request('a', { method: 'POST', path: '/' }));
    expect(error.message).toBe('The connection to a-1 was cut by an injected fault.');
    host.faults.heal(cut);
    expect((await calls.request('a', { path: '/' })).status).toBe(200);
  });
});
