import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { Readable, Writable } from 'node:stream';
import * as undici from 'undici';
import { afterEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../../std/index.ts';
import { echo, failure, type Handler, Stage, settled } from '../testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

describe('retries', () => {
  it('of a GET after a bad answer: the caller sees only the good one', async () => {
    const bad = await stage.http((_, response) => response.writeHead(500, { 'x-bad': '1' }).end('broken'));
    const good = await stage.http(echo);
    const calls = stage.calls([bad, good], { balance: 'round-robin' });
    const dispatcher = calls.dispatcher();
    for (let index = 0; index < 4; index++) {
      const { statusCode, headers, body } = await undici.request('http://a/', { dispatcher });
      expect([statusCode, headers['x-bad'], await body.text()]).toEqual([200, undefined, '']);
    }
    const results = calls.events.flatMap((event) => (event.type === 'attempt-ended' ? [event.result] : []));
    expect(results).toContain('failed');
  });

  it('that do not help: the last bad answer is delivered, head and body', async () => {
    const connections = new Set<Socket>();
    let seen = 0;
    const port = await stage.http((request, response) => {
      connections.add(request.socket);
      seen += 1;
      response.writeHead(503, { 'x-number': String(seen) }).end(`busy ${seen}`);
    });
    const dispatcher = stage.calls([port, port]).dispatcher();
    const { statusCode, headers, body } = await undici.request('http://a/', { dispatcher });
    expect([statusCode, headers['x-number'], await body.text()]).toEqual([503, '2', 'busy 2']);
    expect(seen).toBe(2);
    await (await undici.request('http://a/', { dispatcher, method: 'POST' })).body.dump();
    // The connection of the answer that nobody wanted was kept.
    expect([...connections].map(({ destroyed }) => destroyed)).not.toContain(true);
  });

  it('let go of a held-back answer that does not end', async () => {
    const gone = Promise.withResolvers<void>();
    const endless = await stage.http((request, response) => {
      request.socket.once('close', () => gone.resolve());
      response.writeHead(500);
      response.write('and so on');
    });
    const good = await stage.http(echo);
    const calls = stage.calls([endless, good], { balance: 'round-robin' });
    const dispatcher = calls.dispatcher();
    for (let index = 0; index < 2; index++) {
      const { statusCode, body } = await undici.request('http://a/', { dispatcher });
      expect(statusCode).toBe(200);
      await body.dump();
    }
    await gone.promise;
  });

  it('a large bad answer is delivered whole, to streams too', async () => {
    const megabytes = Buffer.alloc(4 * 1024 * 1024, 'busy');
    const port = await stage.http((_, response) => response.writeHead(500).end(megabytes));
    const dispatcher = stage.calls([port]).dispatcher('a', { timeoutMs: 15_000 });
    const chunks: Buffer[] = [];
    await undici.stream('http://a/', { dispatcher, method: 'GET' }, () => {
      return new Writable({
        write(chunk, _, done) {
          chunks.push(chunk);
          setImmediate(done);
        },
      });
    });
    expect(megabytes.equals(Buffer.concat(chunks))).toBe(true);
  });

  it('read nothing of an answer that is held back', async () => {
    const chunk = Buffer.alloc(1024 * 1024);
    let written = 0;
    const endless = await stage.http((_, response) => {
      response.writeHead(500);
      const more = (): void => {
        while (written < 64) {
          written += 1;
          if (!response.write(chunk)) break;
        }
        if (written < 64) response.once('drain', more);
      };
      more();
    });
    const second = Promise.withResolvers<void>();
    const answered = Promise.withResolvers<void>();
    const slow = await stage.http(async (_, response) => {
      second.resolve();
      await answered.promise;
      response.end('good');
    });
    const other = await stage.http((_, response) => response.end());
    const calls = stage.calls([endless, slow], { balance: 'round-robin', attemptTimeoutMs: 15_000 });
    const dispatcher = calls.dispatcher('a', { timeoutMs: 15_000 });
    const both = [1, 2].map(async () => (await undici.request('http://a/', { dispatcher })).body.text());
    await second.promise;
    const others = stage.calls([other]);
    const turn = () => others.request('a', { path: '/', timeoutMs: 15_000 });
    expect(await settled(() => written, turn)).toBeLessThan(64);
    expect(written).toBeGreaterThan(0);
    answered.resolve();
    expect(await Promise.all(both)).toEqual(['good', 'good']);
  });

  it('a bad answer that is delivered has no more time than its call', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await stage.http((_, response) => {
      response.once('close', () => closed.resolve());
      response.writeHead(500);
      response.write('and so on');
    });
    const dispatcher = stage.calls([port]).dispatcher('a', { timeoutMs: 200 });
    const { statusCode, body } = await undici.request('http://a/', { dispatcher });
    expect(statusCode).toBe(500);
    const error = await failure(body.text());
    expect([error.code, error.message]).toEqual(['deadline_exceeded', 'a did not end its answer in time.']);
    await closed.promise;
  });

  it('of a body that can be sent again: whole each time, the attempt in a header', async () => {
    const heard: [string | string[] | undefined, string][] = [];
    const handler: Handler = async (request, response) => {
      heard.push([request.headers['x-holdfast-attempt'], await bodyOf(request)]);
      response.writeHead(heard.length < 2 ? 500 : 200).end();
    };
    const calls = stage.calls([await stage.http(handler), await stage.http(handler)]);
    const options = { dispatcher: calls.dispatcher(), method: 'PUT', body: Buffer.from('again') } as const;
    const { statusCode, body } = await undici.request('http://a/', options);
    await body.dump();
    expect(statusCode).toBe(200);
    expect(heard).toEqual([
      [undefined, 'again'],
      ['2', 'again'],
    ]);
  });

  it.each([
    ['a stream', () => Readable.from(['once'])],
    ['an iterable', () => ['once'][Symbol.iterator]()],
    [
      'an async iterable',
      () =>
        (async function* once() {
          yield 'once';
        })(),
    ],
  ])('not of %s once it was touched, but before', async (_, make) => {
    let seen = 0;
    const broken = await stage.http(async (request, response) => {
      seen += 1;
      expect(await bodyOf(request)).toBe('once');
      response.writeHead(500).end();
    });
    const options = () => ({ method: 'PUT', body: make() as Readable }) as const;
    const touched = stage.calls([broken, broken]).dispatcher();
    const answer = await undici.request('http://a/', { ...options(), dispatcher: touched });
    await answer.body.dump();
    expect([answer.statusCode, seen]).toEqual([500, 1]);
    // Two of three refuse the connection: the request never left, and its body was not touched.
    const [dead, dead2, good] = [await stage.freePort(), await stage.freePort(), await stage.http(echo)];
    const calls = stage.calls([dead, dead2, good], { balance: 'round-robin' });
    for (let index = 0; index < 3; index++) {
      const sent = await undici.request('http://a/', { ...options(), dispatcher: calls.dispatcher() });
      expect(await sent.body.text()).toBe('once');
    }
    expect(calls.events.some((event) => event.type === 'attempt-ended' && event.attempt > 1)).toBe(true);
  });

  it('of a POST: by the declared route, by the option, by the preference, else not', async () => {
    let seen = 0;
    const port = await stage.http((request, response) => {
      seen += 1;
      request.resume();
      response.writeHead(500).end();
    });
    const calls = stage.calls([port, port], { idempotent: ['POST /orders/:id'] });
    const attempts = async (
      path: string,
      options = {},
      dispatcher = calls.dispatcher(),
    ): Promise<number> => {
      seen = 0;
      const { body } = await undici.request(`http://a${path}`, { dispatcher, method: 'POST', ...options });
      await body.dump();
      return seen;
    };
    expect(await attempts('/orders/7?x=1')).toBe(2);
    expect(await attempts('/other')).toBe(1);
    expect(await attempts('/other', { idempotent: true })).toBe(2);
    expect(await attempts('/orders/7', { idempotent: false })).toBe(1);
    expect(await attempts('/other', {}, calls.dispatcher('a', { idempotent: true }))).toBe(2);
  });
});

describe('what goes wrong', () => {
  it.each([
    ['an address with a port', 'http://a:8080', '/', {}, 'invalid_argument', 'Write the address as'],
    ['another protocol', 'https://a', '/', {}, 'invalid_argument', 'Write the address as'],
    ['no slash', 'http://a', 'x', {}, 'invalid_argument', 'must start with a slash'],
    ['two queries', 'http://a', '/?x', { query: { y: 1 } }, 'invalid_argument', 'not into both'],
    ['odd headers', 'http://a', '/', { headers: ['x'] }, 'invalid_argument', 'Headers are'],
    ['a bad header', 'http://a', '/', { headers: { 'a\nb': 'x' } }, 'invalid_argument', 'invalid header'],
    ['an odd header', 'http://a', '/', { headers: { a: Symbol('b') } }, 'invalid_argument', 'Symbol'],
    ['a bad body', 'http://a', '/', { body: 7 }, 'invalid_argument', 'body must be'],
    [
      'a bad length',
      'http://a',
      '/',
      { method: 'PUT', body: 'x', headers: { 'content-length': '9' } },
      'invalid_argument',
      'content-length',
    ],
    ['an upgrade', 'http://a', '/', { upgrade: 'websocket' }, 'unimplemented', 'upgrades'],
    ['an unknown service', 'http://b', '/', {}, 'unavailable', 'No address is configured for b'],
  ])('%s', async (_, origin, path, options, code, text) => {
    const calls = stage.calls([await stage.http(echo)]);
    const given = { origin, path, method: 'GET', ...options } as undici.Dispatcher.RequestOptions;
    const error = await failure(calls.dispatcher().request(given));
    expect([error.code, error.mayHaveExecuted]).toEqual([code, false]);
    expect(error.message).toContain(text);
    expect(calls.explain('a')[0]?.instances[0]?.use ?? 'preferred').toBe('preferred');
  });

  it('CONNECT and WebSocket are refused', async () => {
    const dispatcher = stage.calls([1]).dispatcher();
    const connect = await failure(dispatcher.connect({ origin: 'http://a', path: '/' }));
    expect(connect.code).toBe('unimplemented');
    const upgrade = await failure(dispatcher.upgrade({ path: '/', protocol: 'websocket' }));
    expect(upgrade.message).toBe(
      'CONNECT and upgrades, WebSocket among them, cannot be made through calls.dispatcher().',
    );
  });

  it('a handler of the kind before undici 8 is refused, and is fine with its wrapper', async () => {
    const dispatcher = stage.calls([await stage.http(echo)]).dispatcher();
    const options = { origin: 'http://a', path: '/old', method: 'GET' } as const;
    const paths: string[] = [];
    const ended = Promise.withResolvers<void>();
    const handler = {
      onConnect: () => {},
      onHeaders: (_: number, headers: Buffer[]) => paths.push(...headers.map(String)),
      onData: () => true,
      onComplete: () => ended.resolve(),
      onError: (error: Error) => ended.reject(error),
    } as undici.Dispatcher.DispatchHandler;
    expect(() => dispatcher.dispatch(options, handler)).toThrow(HoldfastError);
    new undici.Dispatcher1Wrapper(dispatcher).dispatch(options, handler);
    await ended.promise;
    expect(paths).toContain('/old');
  });

  it("a body that fails is the caller's fault: nobody is blamed, nothing is repeated", async () => {
    const calls = stage.calls([await stage.http(echo)]);
    const failing = [
      new Readable({
        read() {
          this.destroy(new Error('disk'));
        },
      }),
      (async function* () {
        yield 'half';
        throw new Error('disk');
      })() as unknown as Readable,
    ];
    for (const body of failing) {
      const options = { dispatcher: calls.dispatcher(), method: 'PUT', body } as const;
      const error = await undici.request('http://a/', options).then(
        ({ body }) => failure(body.text()),
        (reason: unknown) => reason,
      );
      expect(error).toMatchObject({
        code: 'cancelled',
        message: 'The body of the request could not be read.',
      });
      expect((error as Error).cause).toMatchObject({ message: 'disk' });
    }
    expect(calls.explain('a')[0]?.instances[0]).toMatchObject({ inFlight: 0, bad: 0, use: 'preferred' });
  });
});

describe('time', () => {
  const silent = (): Promise<number> => stage.http(() => {});

  it('the deadline is that of any call, a second', async () => {
    const dispatcher = stage.calls([await silent()]).dispatcher();
    const startedAtMs = performance.now();
    const error = await failure(undici.request('http://a/', { dispatcher }));
    expect(error.code).toBe('deadline_exceeded');
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(999);
  });

  it('headersTimeout ends an attempt, and another instance is asked', async () => {
    const calls = stage.calls([await silent(), await stage.http(echo)], { balance: 'round-robin' });
    const options = { dispatcher: calls.dispatcher('a', { timeoutMs: 15_000 }), headersTimeout: 400 };
    for (let index = 0; index < 2; index++) {
      const { statusCode, body } = await undici.request('http://a/', options);
      expect(statusCode).toBe(200);
      await body.dump();
    }
    const error = await failure(
      undici.request('http://a/', {
        ...options,
        dispatcher: stage.calls([await silent()]).dispatcher(),
      }),
    );
    expect(error.code).toBe('deadline_exceeded');
  });

  it('headersTimeout longer than a second lengthens the call', async () => {
    const port = await stage.http((_, response) => {
      stage.host.clock.setTimer(1_200, () => response.end('late'));
    });
    const options = { dispatcher: stage.calls([port]).dispatcher(), headersTimeout: 15_000 };
    const { body } = await undici.request('http://a/', options);
    expect(await body.text()).toBe('late');
  });

  it('bodyTimeout bounds the silence within an answer, not how long it takes', async () => {
    const port = await stage.http((request, response) => {
      let left = 6;
      const more = (): void => {
        response.write('tick');
        left -= 1;
        if (left > 0) stage.host.clock.setTimer(250, more);
        else if (request.url === '/ends') response.end();
      };
      more();
    });
    const options = { dispatcher: stage.calls([port]).dispatcher(), bodyTimeout: 900 };
    const { body } = await undici.request('http://a/ends', options);
    expect(await body.text()).toBe('tick'.repeat(6));
    const silent = await undici.request('http://a/never-ends', options);
    const error = await failure(silent.body.text());
    expect([error.code, error.message]).toEqual([
      'deadline_exceeded',
      `a-1 at 127.0.0.1:${port} began its answer and then fell silent.`,
    ]);
  });
});

describe('giving up', () => {
  it('a signal, before, while the answer is awaited and within it: the upstream learns of it', async () => {
    const arrivals: PromiseWithResolvers<void>[] = [];
    const closures: Promise<unknown>[] = [];
    const port = await stage.http((request, response) => {
      closures.push(once(response, 'close'));
      if (request.url === '/body') response.write('first');
      arrivals.at(-1)?.resolve();
    });
    const calls = stage.calls([port]);
    const dispatcher = calls.dispatcher('a', { timeoutMs: 15_000 });
    const before = undici.request('http://a/', { dispatcher, signal: AbortSignal.abort(new Error('no')) });
    await expect(before).rejects.toThrow('no');
    expect(calls.explain('a')).toEqual([]);
    for (const call of [
      (signal: AbortSignal) => undici.request('http://a/head', { dispatcher, signal }),
      (signal: AbortSignal) => undici.fetch('http://a/head', { dispatcher, signal }),
      async (signal: AbortSignal) =>
        (await undici.request('http://a/body', { dispatcher, signal })).body.text(),
      async (signal: AbortSignal) => (await undici.fetch('http://a/body', { dispatcher, signal })).text(),
    ]) {
      arrivals.push(Promise.withResolvers());
      const controller = new AbortController();
      const promise = call(controller.signal);
      await arrivals.at(-1)?.promise;
      controller.abort(new Error('enough'));
      await expect(promise).rejects.toThrow('enough');
    }
    await Promise.all(closures);
    expect(closures.length).toBe(4);
    expect(calls.explain('a')[0]?.instances[0]).toMatchObject({ inFlight: 0, bad: 0 });
  });

  it('a reader that leaves within the answer', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await stage.http((_, response) => {
      response.once('close', () => closed.resolve());
      response.write('first');
    });
    const calls = stage.calls([port]);
    const { body } = await undici.request('http://a/', {
      dispatcher: calls.dispatcher('a', { timeoutMs: 15_000 }),
    });
    body.on('error', () => {});
    body.destroy();
    await closed.promise;
    expect(calls.explain('a')[0]?.instances[0]).toMatchObject({ inFlight: 0, bad: 0 });
  });
});
