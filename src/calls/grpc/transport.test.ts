import { once } from 'node:events';
import * as http2 from 'node:http2';
import { type AddressInfo, createServer } from 'node:net';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import * as grpcJs from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import {
  GrpcServer,
  grpcService,
  Health,
  HealthSwitch,
  healthService,
  reflectionServices,
  ServerReflection,
} from '../../grpc/index.ts';
import { nodeHost } from '../../host/node/index.ts';
import { HoldfastError } from '../../std/index.ts';
import { createCalls } from '../calls.ts';
import { CallContext, runInContext } from '../context.ts';
import { fixedDiscovery } from '../discovery.ts';
import type { CallsEvent } from '../events.ts';
import { Parrot, SayingSchema } from '../testing/gen/parrot_pb.js';

const host = nodeHost({ faultsAllowed: true });
const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Echo = (text: string, headers: http2.IncomingHttpHeaders) => string | Promise<string>;

/** A parrot on its own HTTP/2 server. */
async function serve(echo: Echo): Promise<{ port: number; server: http2.Http2Server; grpc: GrpcServer }> {
  const health = new HealthSwitch();
  health.set(true);
  const grpc = new GrpcServer({
    clock: host.clock,
    services: [
      grpcService(Parrot, {
        say: async ({ text }, { headers }) => ({ text: await echo(text, headers) }),
        learn: async ({ text }, { headers }) => ({ text: await echo(text, headers) }),
      }),
      healthService(health, []),
      ...reflectionServices([Parrot]),
    ],
  });
  const server = http2.createServer();
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', grpc.onStream);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, grpc };
}

function callsTo(...ports: number[]) {
  const events: CallsEvent[] = [];
  const instances = ports.map((port, index) => ({
    id: `a-${index + 1}`,
    incarnation: 'i',
    host: '127.0.0.1',
    port,
    state: 'ready' as const,
    weight: 1,
  }));
  const discovery = fixedDiscovery({ a: instances });
  const calls = createCalls({ host, discovery, observe: (event) => events.push(event) });
  cleanups.push(() => calls.close());
  return { calls, events, client: createClient(Parrot, calls.transport('a')) };
}

async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HoldfastError);
  return error as HoldfastError;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('typed gRPC clients', () => {
  it('call a method and bring any text through unchanged', async () => {
    const { port } = await serve((msg) => msg);
    const { client } = callsTo(port);
    for (const text of ['', 'a b&c=%', '🎈 größer', 'x'.repeat(8_192), 'y'.repeat(1_000_000)]) {
      expect((await client.say({ text })).text).toBe(text);
    }
  });

  it('speak to a server of another make', async () => {
    const server = new grpcJs.Server();
    const same = (bytes: Buffer): Buffer => bytes;
    const definition = {
      path: '/holdfast.testing.Parrot/Say',
      requestStream: false,
      responseStream: false,
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    server.addService(
      { say: definition } as never,
      {
        say: (call: { request: Buffer }, reply: (error: unknown, bytes?: Buffer) => void) => {
          const { text } = fromBinary(SayingSchema, call.request);
          if (text === 'fail') reply({ code: 5, details: 'größe 404 %' });
          else
            reply(
              null,
              Buffer.from(
                toBinary(SayingSchema, { $typeName: 'holdfast.testing.Saying', text: `<${text}>` }),
              ),
            );
        },
      } as never,
    );
    const bound = Promise.withResolvers<number>();
    server.bindAsync('127.0.0.1:0', grpcJs.ServerCredentials.createInsecure(), (_, port) =>
      bound.resolve(port),
    );
    cleanups.push(() => server.forceShutdown());
    const { client } = callsTo(await bound.promise);
    expect((await client.say({ text: 'hi' })).text).toBe('<hi>');
    const error = await failure(client.say({ text: 'fail' }));
    expect([error.code, error.message]).toEqual(['not_found', 'größe 404 %']);
  });

  it('show what came with the status', async () => {
    const { port, server } = await serve((msg) => msg);
    server.removeAllListeners('stream');
    server.on('stream', (stream: http2.ServerHttp2Stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-own': 'yes' }));
      stream.end(Buffer.from([0, 0, 0, 0, 0]));
    });
    let own: string | null = null;
    const onTrailer = (trailer: Headers): void => {
      own = trailer.get('x-own');
    };
    await callsTo(port).client.say({ text: 'x' }, { onTrailer });
    expect(own).toBe('yes');
  });

  it('send deadline, trace and their own headers', async () => {
    let heard: http2.IncomingHttpHeaders = {};
    const { port } = await serve((msg, headers) => {
      heard = headers;
      return msg;
    });
    const { client } = callsTo(port);
    const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    const context = new CallContext({
      deadlineMs: host.clock.nowMs() + 400,
      random: host.random,
      traceparent,
    });
    await runInContext(context, () => client.say({ text: 'x' }, { headers: { 'x-own': 'yes' } }));
    const timeout = String(heard['grpc-timeout']);
    expect(timeout).toMatch(/^\d+m$/);
    expect(Number.parseInt(timeout, 10)).toBeLessThanOrEqual(400);
    expect(heard.traceparent).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-01$/);
    expect(heard['x-own']).toBe('yes');
  });

  it('end at their deadline and tell the server', async () => {
    const { port, grpc } = await serve(() => new Promise<string>(() => {}));
    const { client } = callsTo(port);
    const error = await failure(client.say({ text: 'x' }, { timeoutMs: 100 }));
    expect(error.code).toBe('deadline_exceeded');
    expect(error.message).toBe(`a-1 at 127.0.0.1:${port} did not answer within 100 ms.`);
    await new Promise<void>((resolve) => grpc.whenIdle(resolve));
  });

  it('go to another instance when one refuses, and say why when all do', async () => {
    const { port } = await serve((msg) => msg);
    const dead = await freePort();
    const { client } = callsTo(dead, port);
    for (let index = 0; index < 20; index++) expect((await client.say({ text: 'x' })).text).toBe('x');
    const error = await failure(callsTo(dead).client.say({ text: 'x' }));
    expect([error.code, error.mayHaveExecuted]).toEqual(['unavailable', false]);
    expect(error.message).toContain('ECONNREFUSED');
  });

  it('repeat an idempotent method when the connection broke in mid-call', async () => {
    const broken = await serve(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise<string>(() => {});
    });
    const sockets = new Set<{ destroy(): void }>();
    broken.server.on('connection', (socket) => sockets.add(socket));
    const good = await serve((msg) => msg);
    const { client, events } = callsTo(broken.port, good.port);
    for (let index = 0; index < 10; index++) expect((await client.say({ text: 'x' })).text).toBe('x');
    const failed = events.filter((event) => event.type === 'attempt-ended' && event.result === 'error');
    expect(failed.length).toBeGreaterThan(0);
    const only = callsTo(broken.port, broken.port);
    expect((await failure(only.client.learn({ text: 'x' }))).mayHaveExecuted).toBe(true);
    expect(only.events.filter((event) => event.type === 'attempt-ended')).toHaveLength(1);
  });

  it.each(['aborted', 'resource_exhausted', 'deadline_exceeded'] as const)(
    'carry out once what was answered %s and may not be repeated',
    async (code) => {
      let runs = 0;
      const echo = async (): Promise<string> => {
        runs += 1;
        throw new HoldfastError(code, 'Not now.');
      };
      const ports = [await serve(echo), await serve(echo), await serve(echo)].map(({ port }) => port);
      const { client, events } = callsTo(...ports);
      const error = await failure(client.learn({ text: 'x' }));
      expect(error).toMatchObject({ code, message: 'Not now.', answered: true, mayHaveExecuted: true });
      expect(runs).toBe(1);
      runs = 0;
      expect((await failure(client.say({ text: 'x' }))).code).toBe(code);
      // The first is about the request, and not improved by asking another instance.
      expect(runs).toBe(code === 'aborted' ? 1 : 3);
      expect(events.filter((event) => event.type === 'attempt-ended' && event.result === 'error')).toEqual(
        [],
      );
    },
  );

  it('make a new connection after the server came back', async () => {
    const first = await serve((msg) => `1${msg}`);
    const { client } = callsTo(first.port);
    expect((await client.say({ text: 'x' })).text).toBe('1x');
    for (const cleanup of cleanups.splice(0, 1)) await cleanup();
    expect((await failure(client.say({ text: 'x' }))).code).toBe('unavailable');
    const again = http2.createServer();
    const grpc = new GrpcServer({
      clock: host.clock,
      services: [grpcService(Parrot, { say: () => ({ text: '2' }), learn: () => ({}) })],
    });
    again.on('stream', grpc.onStream);
    again.listen(first.port, '127.0.0.1');
    await once(again, 'listening');
    cleanups.unshift(() => again.close());
    expect((await client.say({ text: 'x' })).text).toBe('2');
  });

  it('are told by GOAWAY to go elsewhere while calls under way finish', async () => {
    const finish = Promise.withResolvers<string>();
    const { port, server } = await serve((msg) => (msg === 'slow' ? finish.promise : msg));
    const { client } = callsTo(port);
    const session = once(server, 'session');
    const slow = client.say({ text: 'slow' });
    const [accepted] = (await session) as [http2.ServerHttp2Session];
    await once(server, 'stream');
    accepted.close();
    finish.resolve('done');
    expect((await slow).text).toBe('done');
    expect((await client.say({ text: 'next' })).text).toBe('next');
  });

  it.each<[string, (stream: http2.ServerHttp2Stream) => void, string, string]>([
    [
      'HTTP 503',
      (stream) => stream.respond({ ':status': 503 }, { endStream: true }),
      'unavailable',
      'HTTP status 503',
    ],
    [
      'HTTP 404',
      (stream) => stream.respond({ ':status': 404 }, { endStream: true }),
      'unimplemented',
      'HTTP status 404',
    ],
    [
      'no status',
      (stream) => stream.respond({ ':status': 200 }, { endStream: true }),
      'unavailable',
      'broke off',
    ],
    [
      'no message',
      (stream) => stream.respond({ 'grpc-status': '0' }, { endStream: true }),
      'internal',
      'without a message',
    ],
    [
      'a status outside the sixteen',
      (stream) => stream.respond({ 'grpc-status': '99' }, { endStream: true }),
      'unknown',
      'status unknown',
    ],
    [
      'a reset',
      (stream) => stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR),
      'unavailable',
      'broke off',
    ],
    [
      'refused',
      (stream) => stream.close(http2.constants.NGHTTP2_REFUSED_STREAM),
      'unavailable',
      'cannot be reached',
    ],
    [
      'half a message',
      (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
      },
      'internal',
      'in the middle of a message',
    ],
    [
      'a message that is none',
      (stream) => {
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 1, 0xff]));
      },
      'internal',
      'no holdfast.testing.Saying',
    ],
  ])('an answer with %s: a clear error', async (_, answer, code, words) => {
    const { port, server } = await serve((msg) => msg);
    server.removeAllListeners('stream');
    server.on('stream', (stream: http2.ServerHttp2Stream) => {
      stream.on('error', () => {});
      answer(stream);
    });
    const error = await failure(callsTo(port).client.say({ text: 'x' }));
    expect(error.code).toBe(code);
    expect(error.message).toContain(words);
  });

  it('an answer that is no HTTP/2 at all: a clear error', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    await once(server, 'listening');
    cleanups.push(() => server.close());
    const error = await failure(callsTo((server.address() as AddressInfo).port).client.say({ text: 'x' }));
    expect(error.code).toBe('unavailable');
    expect(error.message).toMatch(/cannot be reached|broke off/);
  });
});

describe('streams', () => {
  it('send and receive message by message, and end when their caller gives up', async () => {
    const { port, grpc } = await serve((msg) => msg);
    const { calls } = callsTo(port);
    const reflection = createClient(ServerReflection, calls.transport('a'));
    async function* questions() {
      for (let index = 0; index < 50; index++) {
        yield { messageRequest: { case: 'fileByFilename' as const, value: `no-${index}` } };
      }
    }
    const answers: string[] = [];
    for await (const answer of reflection.serverReflectionInfo(questions())) {
      answers.push(String(answer.originalRequest?.messageRequest.value));
    }
    expect(answers).toEqual(Array.from({ length: 50 }, (_, index) => `no-${index}`));
    const health = createClient(Health, calls.transport('a'));
    const reader = new AbortController();
    for await (const { status } of health.watch({}, { signal: reader.signal })) {
      expect(status).toBe(1);
      expect(grpc.callsUnderWay).toBe(1);
      break;
    }
    reader.abort();
    await new Promise<void>((resolve) => grpc.whenIdle(resolve));
  });

  it('go to another instance while nothing was sent, and bring errors to their reader', async () => {
    const { port } = await serve((msg) => msg);
    const dead = await freePort();
    for (let index = 0; index < 10; index++) {
      const { calls } = callsTo(dead, port);
      for await (const { status } of createClient(Health, calls.transport('a')).watch({})) {
        expect(status).toBe(1);
        break;
      }
    }
    const { calls } = callsTo(dead);
    const none = createClient(Health, calls.transport('a')).watch({});
    const error = await failure(none[Symbol.asyncIterator]().next());
    expect(error.code).toBe('unavailable');
  });
});
