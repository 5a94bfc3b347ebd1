import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../host/node/index.ts';
import { limits } from './limits.ts';
import { GrpcServer, serverOptions } from './server.ts';
import type { GrpcEvent } from './server-call.ts';
import { type GrpcCall, grpcService } from './service.ts';
import { textService } from './testing/index.ts';
import { frameOf } from './wire.ts';

const host = nodeHost({ faultsAllowed: false });
const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = http2.constants;

interface Text {
  readonly value: string;
}

/** What answers the methods of `test.Subject` at the moment. */
const handlers = {
  ask: (request: Text, _call: GrpcCall): Text | Promise<Text> => request,
  async gather(requests: AsyncIterable<Text>, _call: GrpcCall): Promise<Text> {
    let value = '';
    for await (const request of requests) value += request.value;
    return { value };
  },
  async *list(request: Text, _call: GrpcCall): AsyncGenerator<Text> {
    yield request;
  },
};
const original = { ...handlers };

let grpc: GrpcServer;
let server: http2.Http2Server;
let session: http2.ClientHttp2Session;
let accepted: http2.ServerHttp2Session;
const events: GrpcEvent[] = [];

const desc = textService('test.Subject', [
  { name: 'Ask' },
  { name: 'Gather', clientStreaming: true },
  { name: 'List', serverStreaming: true },
]);

beforeEach(async () => {
  Object.assign(handlers, original);
  events.length = 0;
  const own = {
    ask: (request: Text, call: GrpcCall) => handlers.ask(request, call),
    gather: (requests: AsyncIterable<Text>, call: GrpcCall) => handlers.gather(requests, call),
    list: (request: Text, call: GrpcCall) => handlers.list(request, call),
  };
  grpc = new GrpcServer({
    clock: host.clock,
    requestTimeoutMs: 200,
    services: [grpcService(desc, own as never)],
    observe: (event) => events.push(event),
  });
  server = http2.createServer(serverOptions);
  grpc.attach(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  session = http2.connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  session.on('error', () => {});
  const [theirs] = await Promise.all([once(server, 'session'), once(session, 'remoteSettings')]);
  accepted = theirs[0] as http2.ServerHttp2Session;
});

afterEach(() => {
  session.destroy();
  server.close();
});

const frame = (value: string): Buffer =>
  frameOf(toBinary(StringValueSchema, create(StringValueSchema, { value })));

function request(name: string, headers: http2.OutgoingHttpHeaders = {}): http2.ClientHttp2Stream {
  const path = `/test.Subject/${name}`;
  const fields = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', ...headers };
  const stream = session.request(fields);
  stream.on('error', () => {});
  return stream;
}

async function statusOf(stream: http2.ClientHttp2Stream): Promise<unknown> {
  const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
  if (headers['grpc-status'] !== undefined) return headers['grpc-status'];
  stream.resume();
  const [trailers] = (await once(stream, 'trailers')) as [http2.IncomingHttpHeaders];
  return trailers['grpc-status'];
}

const idle = (): Promise<void> => new Promise((resolve) => grpc.whenIdle(resolve));
const ends = (): unknown[] => events.map((event) => (event.type === 'call-ended' ? event.status : event));

/** Once it has not grown for a moment. */
async function settled(count: () => number): Promise<void> {
  let before = -1;
  const grows = (): boolean => {
    const now = count();
    const grew = now !== before;
    before = now;
    return grew;
  };
  await expect.poll(grows, { interval: 50 }).toBe(false);
}

/** Resets a stream as it is; Node's own `close` says first that the request is whole. */
function reset(stream: http2.ClientHttp2Stream): void {
  stream._final = (done) => done();
  stream.close(NGHTTP2_CANCEL);
}

describe('a caller that leaves', () => {
  it.each([
    ['a reset', reset],
    [
      "a reset after the end of the request, as Node's clients do",
      (stream: http2.ClientHttp2Stream) => stream.close(NGHTTP2_CANCEL),
    ],
  ])('in the middle of its upload does not look like one that has finished: %s', async (_, leave) => {
    const outcome = Promise.withResolvers<unknown>();
    const first = Promise.withResolvers<void>();
    handlers.gather = async (requests) => {
      try {
        for await (const _ of requests) first.resolve();
        outcome.resolve('complete');
      } catch (error) {
        outcome.resolve(error);
        throw error;
      }
      return { value: '' };
    };
    const stream = request('Gather');
    stream.write(frame('a'));
    await first.promise;
    leave(stream);
    expect(await outcome.promise).toMatchObject({ name: 'HoldfastError', code: 'cancelled' });
    await idle();
    expect(ends()).toEqual([1]);
  });

  it('with its connection is no failure of the handler', async () => {
    const first = Promise.withResolvers<void>();
    handlers.gather = async (requests) => {
      for await (const _ of requests) first.resolve();
      return { value: '' };
    };
    request('Gather').write(frame('a'));
    await first.promise;
    session.destroy();
    await idle();
    await expect.poll(ends).toEqual([1]);
  });

  it('before its message has ended has called nothing', async () => {
    let called = 0;
    handlers.ask = (asked) => {
      called += 1;
      return asked;
    };
    const stream = request('Ask');
    stream.write(frame('whole, but without its end'));
    await once(server, 'stream');
    await new Promise<void>((resolve) => session.ping(() => resolve()));
    reset(stream);
    await idle();
    expect([called, ends()]).toEqual([0, [1]]);
  });

  it('before it is answered is reported so', async () => {
    const asked = Promise.withResolvers<AbortSignal>();
    handlers.ask = ({ value }, { signal }) => {
      asked.resolve(signal);
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve({ value })));
    };
    const stream = request('Ask');
    stream.end(frame('x'));
    await asked.promise;
    stream.close(NGHTTP2_CANCEL);
    await idle();
    expect(ends()).toEqual([1]);
  });

  it('may do so with very many calls at once: the others on its connection go on', async () => {
    const waiting = Promise.withResolvers<Text>();
    handlers.ask = () => waiting.promise;
    const kept = request('Ask');
    kept.end(frame('kept'));
    const status = statusOf(kept);
    for (let round = 0; round < 15; round++) {
      const streams = Array.from({ length: 100 }, () => request('Ask'));
      for (const stream of streams) stream.end(frame('x'));
      await new Promise<void>((resolve) => session.ping(() => resolve()));
      for (const stream of streams) stream.close(NGHTTP2_CANCEL);
    }
    waiting.resolve({ value: 'done' });
    expect(await status).toBe('0');
  });
});

describe('time', () => {
  it.each(['Ask', 'List'])('ends for a request that never ends (%s)', async (name) => {
    const stream = request(name);
    const closed = once(stream, 'close');
    stream.write(frame('x').subarray(0, 3));
    expect(await statusOf(stream)).toBe('4');
    await closed;
    expect(stream.rstCode).toBe(NGHTTP2_NO_ERROR);
    await idle();
    expect(ends()).toEqual([4]);
  });

  it.each(['Ask', 'List'])('for the request is not that of the answer (%s)', async (name) => {
    const late = (): Promise<void> => new Promise((resolve) => host.clock.setTimer(400, resolve));
    handlers.list = async function* (asked) {
      await late();
      yield asked;
    };
    handlers.ask = (asked) => late().then(() => asked);
    const stream = request(name);
    stream.end(frame('x'));
    expect(await statusOf(stream)).toBe('0');
  });

  it.each(['100m', '300m'])('ends at the deadline of the caller: %s', async (timeout) => {
    let deadlineMs: number | undefined;
    const aborted = Promise.withResolvers<void>();
    handlers.ask = (_asked, call) => {
      deadlineMs = call.deadlineMs;
      call.signal.addEventListener('abort', () => aborted.resolve());
      return new Promise(() => {});
    };
    const startedMs = host.clock.nowMs();
    const stream = request('Ask', { 'grpc-timeout': timeout });
    stream.end(frame('x'));
    expect(await statusOf(stream)).toBe('4');
    expect(host.clock.nowMs() - startedMs).toBeGreaterThanOrEqual(Number.parseInt(timeout, 10));
    expect(deadlineMs).toBeGreaterThan(startedMs);
    await aborted.promise;
    await idle();
    expect(ends()).toEqual([4]);
  });

  it('ends at the deadline for a stream that nobody reads', async () => {
    handlers.list = async function* () {
      for (;;) yield { value: 'x'.repeat(100_000) };
    };
    const stream = request('List', { 'grpc-timeout': '300m' });
    stream.end(frame('x'));
    await once(stream, 'response');
    await idle();
    expect(ends()).toEqual([4]);
  });
});

describe('streams', () => {
  it('wait for their reader, and leave no listener behind', async () => {
    let yielded = 0;
    handlers.list = async function* () {
      for (; yielded < 200; yielded++) yield { value: 'x'.repeat(50_000) };
    };
    const opened = once(server, 'stream');
    const stream = request('List');
    stream.end(frame('x'));
    const [theirs] = (await opened) as [http2.ServerHttp2Stream];
    const before = theirs.listenerCount('close');
    await once(stream, 'response');
    stream.pause();
    await settled(() => yielded);
    expect(yielded).toBeLessThan(100);
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      expect(theirs.listenerCount('close')).toBeLessThanOrEqual(before + 2);
    });
    stream.resume();
    await once(stream, 'end');
    expect(received).toBeGreaterThan(200 * 50_000);
  });

  it('take no more than their handler reads', async () => {
    const go = Promise.withResolvers<void>();
    handlers.gather = async (requests) => {
      await go.promise;
      let length = 0;
      for await (const { value } of requests) length += value.length;
      return { value: String(length) };
    };
    const stream = request('Gather');
    let sent = 0;
    const send = (): void => {
      while (sent < 200) {
        sent += 1;
        if (!stream.write(frame('x'.repeat(50_000)))) break;
      }
      if (sent === 200) stream.end();
    };
    stream.on('drain', send);
    send();
    await settled(() => sent);
    expect(sent).toBeLessThan(100);
    go.resolve();
    expect(await statusOf(stream)).toBe('0');
  });

  it('may be answered before their end', async () => {
    handlers.gather = async (requests) => {
      for await (const { value } of requests) return { value };
      return { value: '' };
    };
    const stream = request('Gather');
    stream.write(frame('x'));
    expect(await statusOf(stream)).toBe('0');
    await idle();
  });
});

describe('bounds', () => {
  it('are told to the caller', () => {
    expect(session.remoteSettings.maxConcurrentStreams).toBe(limits.streamsPerConnectionMax);
    expect(session.remoteSettings.initialWindowSize).toBe(limits.streamWindowBytes);
    expect(accepted.state.localWindowSize).toBe(limits.connectionWindowBytes);
  });

  it('report a procedure that does not exist', async () => {
    const stream = request('Nothing');
    stream.end(frame('x'));
    expect(await statusOf(stream)).toBe('12');
    expect(events).toEqual([{ type: 'call-ended', procedure: 'unknown', status: 12 }]);
  });
});

describe('what unfinished requests may hold', () => {
  it('is bounded over all calls, and is free again when they end', async () => {
    const size = limits.messageBytesMax - 100;
    const half = Buffer.concat([frameOf(Buffer.alloc(size)).subarray(0, 5), Buffer.alloc(size - 10)]);
    const fitting = Math.floor(limits.heldBytesMax / half.length);
    const open: http2.ClientHttp2Stream[] = [];
    for (let index = 0; index <= fitting; index++) {
      const stream = request('Gather');
      stream.write(half);
      open.push(stream);
    }
    const refused = await Promise.race(open.map((stream) => statusOf(stream)));
    expect(refused).toBe('8');
    for (const stream of open) stream.close(NGHTTP2_CANCEL);
    await idle();
    const next = request('Ask');
    next.end(frame('fine'));
    expect(await statusOf(next)).toBe('0');
  });
});

describe('the content type', () => {
  it.each([
    ['application/grpc', 200],
    ['application/grpc+proto', 200],
    ['application/grpc; charset=utf-8', 200],
    ['application/grpc+json', 415],
    ['application/grpc-web', 415],
    ['application/grpcfoo', 415],
    ['application/json', 415],
  ])('%s: %i', async (contentType, status) => {
    const stream = request('Ask', { 'content-type': contentType });
    stream.end(frame('x'));
    const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(headers[':status']).toBe(status);
  });
});
