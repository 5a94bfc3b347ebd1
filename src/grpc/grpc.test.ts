import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import * as grpcJs from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeHost } from '../host/node/index.ts';
import { HoldfastError } from '../std/index.ts';
import {
  Health,
  HealthCheckRequestSchema,
  HealthCheckResponseSchema,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from './gen/health_pb.js';
import {
  ServerReflection,
  ServerReflectionRequestSchema,
  ServerReflectionResponseSchema,
} from './gen/reflection_v1_pb.js';
import { HealthSwitch, healthService } from './health.ts';
import { limits } from './limits.ts';
import { reflectionServices } from './reflection.ts';
import { GrpcServer, serverOptions } from './server.ts';
import type { GrpcEvent } from './server-call.ts';
import { type GrpcHandlers, type GrpcService, grpcService } from './service.ts';
import {
  decodeStatusMessage,
  encodeStatusMessage,
  FrameReader,
  formatTimeout,
  frameOf,
  parseTimeout,
} from './wire.ts';

const host = nodeHost({ faultsAllowed: false });
const health = new HealthSwitch();
const events: GrpcEvent[] = [];
let server: http2.Http2Server;
let grpc: GrpcServer;
let port: number;
const clients: { close(): void }[] = [];

const throwing: { error: unknown } = { error: undefined };
const services: readonly GrpcService[] = [healthService(health, ['echo']), ...reflectionServices([Health])];

beforeEach(async () => {
  health.set(true);
  events.length = 0;
  grpc = new GrpcServer({ clock: host.clock, services, observe: (event) => events.push(event) });
  server = http2.createServer(serverOptions);
  server.on('stream', grpc.onStream);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  server.close();
});

/** An independent implementation as the client: grpc-js with bytes in and out. */
function client(): grpcJs.Client {
  const made = new grpcJs.Client(`127.0.0.1:${port}`, grpcJs.credentials.createInsecure());
  clients.push(made);
  return made;
}

const same = (bytes: Buffer): Buffer => bytes;

function unary(method: string, message: Uint8Array): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  client().makeUnaryRequest(method, same, same, Buffer.from(message), (error, reply) => {
    if (error === null && reply !== undefined) resolve(reply);
    else reject(error);
  });
  return promise;
}

const check = (service: string): Uint8Array =>
  toBinary(HealthCheckRequestSchema, { $typeName: 'grpc.health.v1.HealthCheckRequest', service });

const observe = (event: GrpcEvent): void => {
  events.push(event);
};

/** From now on this one answers. */
function attach(next: GrpcServer): void {
  server.removeAllListeners('stream');
  next.attach(server);
}

async function failure(promise: Promise<unknown>): Promise<grpcJs.ServiceError> {
  return (await promise.catch((reason: unknown) => reason)) as grpcJs.ServiceError;
}

/** Status and message of a call that fails. */
async function statusOf(promise: Promise<unknown>): Promise<[number, string]> {
  const error = await failure(promise);
  return [error.code, error.details];
}

describe('health', () => {
  it('answers Check for the server and its services', async () => {
    for (const service of ['', 'echo']) {
      const reply = fromBinary(
        HealthCheckResponseSchema,
        await unary('/grpc.health.v1.Health/Check', check(service)),
      );
      expect(reply.status).toBe(ServingStatus.SERVING);
    }
    health.set(false);
    const reply = fromBinary(
      HealthCheckResponseSchema,
      await unary('/grpc.health.v1.Health/Check', check('')),
    );
    expect(reply.status).toBe(ServingStatus.NOT_SERVING);
    expect(await statusOf(unary('/grpc.health.v1.Health/Check', check('nobody')))).toEqual([
      5,
      'There is no service nobody here.',
    ]);
  });

  it('tells watchers of each change, and ends with them', async () => {
    const call = client().makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      same,
      same,
      Buffer.from(check('')),
    );
    call.on('error', () => {});
    const seen: ServingStatus[] = [];
    for (const serving of [true, false, true]) {
      health.set(serving);
      const [bytes] = (await once(call, 'data')) as [Buffer];
      seen.push(fromBinary(HealthCheckResponseSchema, bytes).status);
    }
    expect(seen).toEqual([ServingStatus.SERVING, ServingStatus.NOT_SERVING, ServingStatus.SERVING]);
    expect(grpc.callsUnderWay).toBe(1);
    call.cancel();
    await new Promise<void>((resolve) => grpc.whenIdle(resolve));
    expect(grpc.callsUnderWay).toBe(0);
  });

  it('ends a watch whose caller leaves', async () => {
    const controller = new AbortController();
    const { watch } = healthService(health, []).handlers as GrpcHandlers<typeof Health>;
    const call = { procedure: '', headers: {}, deadlineMs: undefined, signal: controller.signal };
    const watching = watch({ $typeName: 'grpc.health.v1.HealthCheckRequest', service: '' }, call);
    const answers = watching[Symbol.asyncIterator]();
    expect((await answers.next()).value).toEqual({ status: ServingStatus.SERVING });
    const last = answers.next();
    controller.abort();
    expect((await last).done).toBe(true);
  });

  it('ends its watches when it is closed', async () => {
    const own = new HealthSwitch();
    const closing = new GrpcServer({ clock: host.clock, services: [healthService(own, [])] });
    server.removeAllListeners('stream');
    server.on('stream', closing.onStream);
    const call = client().makeServerStreamRequest(
      '/grpc.health.v1.Health/Watch',
      same,
      same,
      Buffer.from(check('')),
    );
    await once(call, 'data');
    own.close();
    call.resume();
    await once(call, 'end');
    await new Promise<void>((resolve) => closing.whenIdle(resolve));
  });
});

describe('reflection', () => {
  const versions = ['v1', 'v1alpha'];

  async function ask(version: string, question: Parameters<typeof request>[0]) {
    const method = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
    const call = client().makeBidiStreamRequest(method, same, same);
    call.on('error', () => {});
    call.write(Buffer.from(request(question)));
    call.end();
    const [bytes] = (await once(call, 'data')) as [Buffer];
    return fromBinary(ServerReflectionResponseSchema, bytes).messageResponse;
  }

  const request = (messageRequest: {
    case: 'listServices' | 'fileContainingSymbol' | 'fileByFilename';
    value: string;
  }): Uint8Array =>
    toBinary(ServerReflectionRequestSchema, {
      $typeName: 'grpc.reflection.v1.ServerReflectionRequest',
      host: '',
      messageRequest,
    });

  it.each(versions)('lists the services (%s)', async (version) => {
    const answer = await ask(version, { case: 'listServices', value: '*' });
    const names =
      answer.case === 'listServicesResponse' ? answer.value.service.map(({ name }) => name) : [];
    expect(names).toEqual([
      Health.typeName,
      ServerReflection.typeName,
      'grpc.reflection.v1alpha.ServerReflection',
    ]);
  });

  it.each(versions)('describes a symbol and a file (%s)', async (version) => {
    for (const question of [
      { case: 'fileContainingSymbol', value: 'grpc.health.v1.Health' },
      { case: 'fileContainingSymbol', value: 'grpc.health.v1.Health.Check' },
      { case: 'fileContainingSymbol', value: 'grpc.health.v1.HealthCheckRequest' },
      { case: 'fileByFilename', value: 'health.proto' },
    ] as const) {
      const answer = await ask(version, question);
      const files = answer.case === 'fileDescriptorResponse' ? answer.value.fileDescriptorProto : [];
      expect(files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name)).toEqual([
        'health.proto',
      ]);
    }
  });

  it.each(versions)('says what it does not know (%s)', async (version) => {
    const answer = await ask(version, { case: 'fileContainingSymbol', value: 'no.such.Thing' });
    expect(answer).toMatchObject({ case: 'errorResponse', value: { errorCode: 5 } });
  });
});

describe('bad input', () => {
  it('names a procedure that does not exist', async () => {
    expect(await statusOf(unary('/no.Such/Thing', new Uint8Array()))).toEqual([
      12,
      'There is no procedure /no.Such/Thing.',
    ]);
  });

  it('refuses a message that is none', async () => {
    expect(await statusOf(unary('/grpc.health.v1.Health/Check', Buffer.from([0xff, 0xff])))).toEqual([
      3,
      'The message is no valid grpc.health.v1.HealthCheckRequest.',
    ]);
  });

  interface Reply {
    readonly headers: http2.IncomingHttpHeaders & http2.IncomingHttpStatusHeader;
    readonly body: string;
  }

  /** One HTTP/2 request with any bytes as its body. */
  async function raw(headers: http2.OutgoingHttpHeaders, body: Buffer | undefined): Promise<Reply> {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    clients.push(session);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/grpc.health.v1.Health/Check',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    stream.on('error', () => {});
    stream.end(body);
    const [answer] = (await once(stream, 'response')) as [Reply['headers']];
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    return { headers: answer, body: Buffer.concat(chunks).toString() };
  }

  it.each<[string, Buffer, string, string]>([
    ['no message', Buffer.alloc(0), '3', 'in the middle of its message'],
    ['half a prefix', Buffer.from([0, 0]), '3', 'in the middle of its message'],
    ['half a message', Buffer.from([0, 0, 0, 0, 9, 1]), '3', 'in the middle of its message'],
    ['two messages', Buffer.concat([frameOf(check('')), frameOf(check(''))]), '3', 'takes one message'],
    ['an unknown flag', Buffer.from([7, 0, 0, 0, 0]), '13', 'compressed'],
    ['a compressed message', Buffer.from([1, 0, 0, 0, 0]), '12', 'compressed'],
    ['a length of 4 GiB', Buffer.from([0, 0xff, 0xff, 0xff, 0xff]), '8', 'over the limit'],
  ])('%s: a clear status, and the next call is fine', async (_, body, status, words) => {
    const { headers } = await raw({}, body);
    expect(headers[':status']).toBe(200);
    expect(headers['grpc-status']).toBe(status);
    expect(decodeStatusMessage(String(headers['grpc-message']))).toContain(words);
    await unary('/grpc.health.v1.Health/Check', check(''));
  });

  it.each<[string, http2.OutgoingHttpHeaders]>([
    ['another content type', { 'content-type': 'text/plain' }],
    ['another method', { ':method': 'GET' }],
  ])('%s: 415 that says what to do', async (_, headers) => {
    const reply = await raw(headers, undefined);
    expect(reply.headers[':status']).toBe(415);
    expect(JSON.parse(reply.body).error.message).toContain('speaks gRPC only');
  });
});

describe('handlers', () => {
  async function serve(check: () => unknown): Promise<void> {
    const handlers = { check, watch: async function* () {} };
    const service = grpcService(Health, handlers as never);
    const own = new GrpcServer({
      clock: host.clock,
      services: [service],
      observe: (event) => events.push(event),
    });
    server.removeAllListeners('stream');
    server.on('stream', own.onStream);
  }

  it('answer a HoldfastError with its code and message, any text', async () => {
    await serve(() => {
      throw new HoldfastError('failed_precondition', 'größer als 5 %\nnächste Zeile 🎈');
    });
    expect(await statusOf(unary('/grpc.health.v1.Health/Check', check('')))).toEqual([
      9,
      'größer als 5 %\nnächste Zeile 🎈',
    ]);
  });

  it.each(['throws', 'rejects'])('a handler that %s: internal, no detail leaks, reported', async (how) => {
    throwing.error = new Error('the password is 123');
    await serve(() => {
      if (how === 'throws') throw throwing.error;
      return Promise.reject(throwing.error);
    });
    expect(await statusOf(unary('/grpc.health.v1.Health/Check', check('')))).toEqual([
      13,
      'The service failed to answer.',
    ]);
    expect(events).toContainEqual({
      type: 'handler-threw',
      procedure: 'grpc.health.v1.Health/Check',
      error: throwing.error,
    });
  });

  it('are turned away by admission, unless they ask how the server is', async () => {
    const refusal = new HoldfastError('resource_exhausted', 'Too many calls at once.', {
      retryAfterMs: 250,
    });
    const service = grpcService(Health, {
      check: () => ({ status: ServingStatus.SERVING }),
      async *watch() {},
    });
    let left = 0;
    const options = { clock: host.clock, admit: () => refusal, leave: () => left++, observe };
    attach(new GrpcServer({ ...options, services: [service] }));
    const error = await failure(unary('/grpc.health.v1.Health/Check', check('')));
    expect([error.code, error.details]).toEqual([8, 'Too many calls at once.']);
    expect(error.metadata.get('grpc-retry-pushback-ms')).toEqual(['250']);
    expect(events).toEqual([{ type: 'call-ended', procedure: 'grpc.health.v1.Health/Check', status: 8 }]);
    attach(new GrpcServer({ ...options, services }));
    await unary('/grpc.health.v1.Health/Check', check(''));
    expect(left).toBe(0);
  });
});

describe('wire', () => {
  it('cuts a stream into messages wherever it was split', () => {
    const messages = ['', 'a', 'hello', 'x'.repeat(300)].map((text) => Buffer.from(text));
    const bytes = Buffer.concat(messages.map((message) => frameOf(message)));
    for (let size = 1; size < 20; size++) {
      const reader = new FrameReader();
      const seen: string[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const message of reader.push(bytes.subarray(at, at + size))) seen.push(message.toString());
      }
      expect(seen).toEqual(messages.map((message) => message.toString()));
      expect(reader.unfinishedBytes).toBe(0);
    }
  });

  it('joins a message of many small chunks in linear time', () => {
    const bytes = frameOf(Buffer.alloc(limits.messageBytesMax, 'x'));
    const reader = new FrameReader();
    const startedMs = performance.now();
    let seen: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += 64) seen = reader.push(bytes.subarray(at, at + 64));
    expect(seen.map(({ length }) => length)).toEqual([limits.messageBytesMax]);
    // With a copy for each chunk these are 65,536 x 2 MiB, which takes over 10 s.
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });

  it('refuses a message over the bound by its prefix alone', () => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(limits.messageBytesMax + 1, 1);
    expect(() => new FrameReader().push(prefix)).toThrow('over the limit');
  });

  it.each<[unknown, number | undefined]>([
    ['1S', 1_000],
    ['250m', 250],
    ['2M', 120_000],
    ['1H', 3_600_000],
    ['1500u', 1.5],
    ['99999999n', 99.999999],
    ['', undefined],
    ['1', undefined],
    ['-1S', undefined],
    ['1.5S', undefined],
    ['123456789S', undefined],
    [undefined, undefined],
  ])('reads the timeout %s as %s ms', (value, ms) => {
    expect(parseTimeout(value)).toBe(ms);
  });

  it('writes timeouts it can read', () => {
    for (const ms of [0, 0.4, 1, 999.9, 60_000, 99_999_999, 100_000_000]) {
      expect(parseTimeout(formatTimeout(ms))).toBeLessThanOrEqual(Math.max(1, ms));
    }
  });

  it.each(['plain, with (all) "sorts" of: signs/=?', 'ä 100 %', '🎈\n\t', 'lone \ud800 surrogate'])(
    'carries the status message %j',
    (message) => {
      const encoded = encodeStatusMessage(message);
      expect(encoded).toMatch(/^[\x20-\x7e]*$/);
      expect(decodeStatusMessage(encoded)).toBe(message.toWellFormed());
    },
  );

  it('bounds the status message without cutting a character', () => {
    for (const prefix of ['', 'a', 'aa', 'aaa', 'aaaa', 'aaaaa']) {
      const message = prefix + '🎈'.repeat(5_000);
      const encoded = encodeStatusMessage(message);
      expect(encoded.length).toBeLessThanOrEqual(limits.statusMessageLengthMax);
      expect(encoded.length).toBeGreaterThan(limits.statusMessageLengthMax - 12);
      expect(decodeStatusMessage(encoded)).toMatch(/^a*(🎈)+$/u);
    }
  });
});
