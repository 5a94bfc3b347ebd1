import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import * as undici from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { CallContext, runInContext } from '../context.ts';
import { echo, failure, Stage, settled } from '../testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

const heardOf = (headers: Record<string, unknown>): Record<string, string> =>
  JSON.parse(String(headers['x-heard']));

const megabyte = Buffer.alloc(1024 * 1024, 'holdfast');

describe("undici's own functions on the dispatcher", () => {
  it('request: the host of the URL is the service', async () => {
    const calls = stage.calls([await stage.http(echo)]);
    const dispatcher = calls.dispatcher();
    const answer = await undici.request('http://a/echo?msg=hi', {
      dispatcher,
      method: 'POST',
      body: 'hällo',
      headers: { 'X-Own': 'mine', 'X-Holdfast-Attempt': '9', 'x-holdfast-timeout-ms': '99999' },
    });
    expect([answer.statusCode, answer.statusText]).toEqual([200, 'OK']);
    expect(answer.headers['x-path']).toBe('/echo?msg=hi');
    expect(await answer.body.text()).toBe('hällo');
    const heard = heardOf(answer.headers);
    expect(heard['x-own']).toBe('mine');
    expect(heard.traceparent).toMatch(/^00-/);
    expect(Number(heard['x-holdfast-timeout-ms'])).toBeLessThanOrEqual(1_000);
    expect(heard['x-holdfast-attempt']).toBeUndefined();
  });

  it('request: takes headers and queries in all of its forms, and raw headers out', async () => {
    const dispatcher = stage.calls([await stage.http(echo)]).dispatcher('a');
    const forms: NonNullable<undici.Dispatcher.DispatchOptions['headers']>[] = [
      { 'x-one': '1', 'x-many': ['2', '3'] },
      ['x-one', '1', 'x-many', '2', 'x-many', '3'],
      new Map<string, string | string[]>([
        ['x-one', '1'],
        ['x-many', ['2', '3']],
      ]),
    ];
    for (const headers of forms) {
      const answer = await undici.request('http://a/', { dispatcher, headers, query: { q: 'ä b' } });
      expect(heardOf(answer.headers)).toMatchObject({ 'x-one': '1', 'x-many': '2, 3' });
      expect(answer.headers['x-path']).toBe('/?q=%C3%A4%20b');
      await answer.body.dump();
    }
    const raw = await undici.request('http://a/', { dispatcher, responseHeaders: 'raw' });
    expect(raw.headers).toContain('x-method');
    await raw.body.dump();
  });

  it("fetch: undici's and the global one, redirects and forms included", async () => {
    const port = await stage.http((request, response) => {
      if (request.url !== '/old') echo(request, response);
      else response.writeHead(302, { location: 'http://a/new' }).end();
    });
    const dispatcher = stage.calls([port]).dispatcher();
    const followed = await undici.fetch('http://a/old', { dispatcher });
    expect([followed.url, followed.headers.get('x-path')]).toEqual(['http://a/new', '/new']);
    await followed.text();
    const posted = await undici.fetch('http://a/', { dispatcher, method: 'POST', body: 'text' });
    expect(await posted.text()).toBe('text');
    const form = new undici.FormData();
    form.set('field', 'value');
    const sent = await undici.request('http://a/', { dispatcher, method: 'POST', body: form });
    expect(heardOf(sent.headers)['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(await sent.body.text()).toContain('name="field"');
    const init = { dispatcher, method: 'PUT', body: 'global' } as unknown as RequestInit;
    const global = await fetch('http://a/', init);
    expect([global.status, await global.text()]).toEqual([200, 'global']);
  });

  it('stream and pipeline: a megabyte there and back', async () => {
    const dispatcher = stage.calls([await stage.http(echo)]).dispatcher('a', { timeoutMs: 15_000 });
    const chunks: Buffer[] = [];
    const body = Readable.from([megabyte.subarray(0, 300_000), megabyte.subarray(300_000)]);
    await undici.stream('http://x/', { dispatcher, method: 'POST', body }, () => {
      return new Writable({
        write(chunk, _, done) {
          chunks.push(chunk);
          setImmediate(done);
        },
      });
    });
    expect(megabyte.equals(Buffer.concat(chunks))).toBe(true);
    const through = undici.pipeline('http://x/', { dispatcher, method: 'PUT' }, ({ body }) => body);
    const back: Buffer[] = [];
    await pipeline(Readable.from([megabyte]), through, async (parts) => {
      for await (const part of parts) back.push(part as Buffer);
    });
    expect(megabyte.equals(Buffer.concat(back))).toBe(true);
  });

  it('is a Dispatcher: interceptors can be composed onto it', async () => {
    const port = await stage.http((request, response) => {
      if (request.url === '/old') response.writeHead(307, { location: '/new' }).end();
      else echo(request, response);
    });
    const dispatcher = stage.calls([port]).dispatcher();
    expect(dispatcher).toBeInstanceOf(undici.Dispatcher);
    const following = dispatcher.compose(undici.interceptors.redirect({ maxRedirections: 1 }));
    const answer = await undici.request('http://a/old', { dispatcher: following });
    expect(answer.headers['x-path']).toBe('/new');
    await answer.body.dump();
  });

  it('passes trailers on', async () => {
    const port = await stage.http((_, response) => {
      response.writeHead(200, { trailer: 'x-sum' });
      response.write('body');
      response.addTrailers({ 'x-sum': '42' });
      response.end();
    });
    const answer = await undici.request('http://a/', { dispatcher: stage.calls([port]).dispatcher() });
    await answer.body.text();
    expect(answer.trailers).toEqual({ 'x-sum': '42' });
  });

  it('carries the deadline and the trace of the request being handled', async () => {
    const dispatcher = stage.calls([await stage.http(echo)]).dispatcher();
    const { clock, random } = stage.host;
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const context = new CallContext({ deadlineMs: clock.nowMs() + 700, attempt: 2, random, traceparent });
    const answer = await runInContext(context, () => undici.request('http://a/', { dispatcher }));
    const heard = heardOf(answer.headers);
    expect(Number(heard['x-holdfast-timeout-ms'])).toBeLessThanOrEqual(700);
    expect(heard['x-holdfast-attempt']).toBe('2');
    expect(heard.traceparent).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    await answer.body.dump();
  });
});

describe('a streamed answer', () => {
  it('reaches the caller before it ends, and stops at a reader that does not read', async () => {
    let written = 0;
    const stuck = Promise.withResolvers<void>();
    const port = await stage.http((request, response) => {
      if (request.url === '/quick') {
        response.end();
        return;
      }
      const more = (): void => {
        while (written < 64) {
          written += 1;
          if (response.write(megabyte)) continue;
          stuck.resolve();
          response.once('drain', more);
          return;
        }
        response.end();
      };
      more();
    });
    const calls = stage.calls([port]);
    const dispatcher = calls.dispatcher('a', { timeoutMs: 60_000 });
    const { body } = await undici.request('http://a/', { dispatcher });
    await stuck.promise;
    // Nobody reads: the server is stuck, and stays so although the event loop turns.
    // Nobody reads: the server is stuck, and stays so while others come and go.
    const other = () => calls.request('a', { path: '/quick', timeoutMs: 15_000 });
    expect(await settled(() => written, other)).toBeLessThan(64);
    let bytes = 0;
    for await (const chunk of body) bytes += chunk.length;
    expect(bytes).toBe(64 * megabyte.length);
  });

  it('counts as one call with the time to its head, whatever its body takes', async () => {
    const finish = Promise.withResolvers<void>();
    const port = await stage.http(async (_, response) => {
      response.write('head');
      await finish.promise;
      response.end('tail');
    });
    const calls = stage.calls([port]);
    const { body } = await undici.request('http://a/', { dispatcher: calls.dispatcher(), bodyTimeout: 0 });
    const heldMs = 1_000;
    const [first] = await once(body, 'data');
    expect(String(first)).toBe('head');
    expect(calls.explain('a')[0]?.instances[0]?.inFlight).toBe(1);
    await new Promise((resolve) => stage.host.clock.setTimer(heldMs, () => resolve(undefined)));
    finish.resolve();
    await once(body, 'end');
    const [instance] = calls.explain('a')[0]?.instances ?? [];
    expect(instance).toMatchObject({ inFlight: 0, good: 1, bad: 0 });
    expect(instance?.latencyMs).toBeLessThan(heldMs);
    expect(calls.events.map(({ type }) => type)).toEqual(['attempt-ended', 'call-ended']);
  });

  it('that breaks off fails its reader, is not repeated, and counts against the instance', async () => {
    let seen = 0;
    const port = await stage.raw((socket) =>
      socket.once('data', () => {
        seen += 1;
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      }),
    );
    const calls = stage.calls([port, port]);
    const { body } = await undici.request('http://a/', { dispatcher: calls.dispatcher() });
    const error = await failure(body.text());
    expect([error.code, error.mayHaveExecuted]).toEqual(['unavailable', true]);
    expect(seen).toBe(1);
    expect(
      calls
        .explain('a')[0]
        ?.instances.map(({ bad }) => bad)
        .sort(),
    ).toEqual([0, 1]);
  });

  it('whose handler throws fails with what was thrown, and blames nobody', async () => {
    const calls = stage.calls([await stage.http(echo)]);
    const thrown = new Error('no writable today');
    const options = { dispatcher: calls.dispatcher(), method: 'GET' } as const;
    const streaming = undici.stream('http://a/', options, () => {
      throw thrown;
    });
    await expect(streaming).rejects.toBe(thrown);
    expect(calls.explain('a')[0]?.instances[0]).toMatchObject({ inFlight: 0, bad: 0 });
  });
});

describe('the end of a dispatcher', () => {
  it('close waits for its own calls, takes no more, and leaves the calls open', async () => {
    const finish = Promise.withResolvers<void>();
    const port = await stage.http(async (_, response) => {
      response.write('first');
      await finish.promise;
      response.end('last');
    });
    const calls = stage.calls([port]);
    const dispatcher = calls.dispatcher('a', { timeoutMs: 15_000 });
    const { body } = await undici.request('http://a/', { dispatcher });
    let isClosed = false;
    const closing = dispatcher.close().then(() => {
      isClosed = true;
    });
    const refused = await failure(undici.request('http://a/', { dispatcher }));
    expect([refused.code, refused.message]).toEqual(['failed_precondition', 'This dispatcher is closed.']);
    expect(isClosed).toBe(false);
    finish.resolve();
    expect(await body.text()).toBe('firstlast');
    await closing;
    expect((await calls.request('a', { path: '/' })).text()).toBe('firstlast');
  });

  it('destroy gives its own calls up, in either form', async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http((request, response) => {
      if (request.url === '/') response.end('ok');
      else arrived.resolve();
    });
    const calls = stage.calls([port]);
    const dispatcher = calls.dispatcher();
    const own = failure(undici.request('http://a/silent', { dispatcher }));
    await arrived.promise;
    const why = new Error('over');
    await dispatcher.destroy(why);
    expect(await own).toMatchObject({ code: 'cancelled', cause: why });
    await new Promise<void>((resolve) => dispatcher.destroy(resolve));
    await new Promise<void>((resolve) => dispatcher.close(resolve));
    expect((await calls.request('a', { path: '/' })).text()).toBe('ok');
    expect((await undici.request('http://a/', { dispatcher: calls.dispatcher() })).statusCode).toBe(200);
  });

  it('the calls end: so do its own', async () => {
    const arrived = Promise.withResolvers<void>();
    const port = await stage.http(() => arrived.resolve());
    const calls = stage.calls([port]);
    const dispatcher = calls.dispatcher();
    const own = failure(undici.request('http://a/', { dispatcher }));
    await arrived.promise;
    await calls.close();
    expect((await own).code).toBe('cancelled');
    expect((await failure(undici.request('http://a/', { dispatcher }))).code).toBe('failed_precondition');
    await dispatcher.close();
  });
});
