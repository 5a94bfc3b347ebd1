import { once } from 'node:events';
import * as http2 from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { StringValueSchema } from '@bufbuild/protobuf/wkt';
import * as grpcJs from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type CallContext, currentContext } from '../calls/index.ts';
import { type GrpcService, grpcService } from '../grpc/index.ts';
import { textService } from '../grpc/testing/index.ts';
import { type AssertionFailure, HoldfastError, must } from '../std/index.ts';
import type { StartOptions } from './start.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

let subject: ServiceUnderTest;
let client: grpcJs.Client;
let handle: (text: string) => Promise<string>;
let context: CallContext | undefined;

/** `test.Subject/Ask`: a text in, a text out, by whatever `handle` is at the moment. */
function subjectService(): GrpcService {
  const desc = textService('test.Subject', [{ name: 'Ask' }]);
  const ask = async (request: unknown) => {
    context = currentContext();
    return { value: await handle((request as { value: string }).value) };
  };
  return grpcService(desc, { ask } as never);
}

async function start(options: Partial<StartOptions> = {}): Promise<void> {
  subject = await startUnderTest(
    {
      http(app) {
        app.get('/echo', () => ({ echo: '' }));
      },
      grpc: () => [subjectService()],
    },
    { limits: { headersTimeoutMs: 300, timeoutCheckMs: 50, drainTimeoutMs: 2_000 }, ...options },
  );
  client = new grpcJs.Client(`127.0.0.1:${subject.service.port}`, grpcJs.credentials.createInsecure());
}

function ask(text: string, metadata: Record<string, string> = {}, timeoutMs = 5_000): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const bytes = (value: Buffer): Buffer => value;
  const fields = new grpcJs.Metadata();
  for (const [name, value] of Object.entries(metadata)) fields.set(name, value);
  const message = Buffer.from(toBinary(StringValueSchema, create(StringValueSchema, { value: text })));
  const options = { deadline: Date.now() + timeoutMs };
  client.makeUnaryRequest('/test.Subject/Ask', bytes, bytes, message, fields, options, (error, reply) => {
    if (error !== null || reply === undefined) reject(error);
    else resolve(fromBinary(StringValueSchema, reply).value);
  });
  return promise;
}

beforeEach(() => {
  handle = async (text) => text.toUpperCase();
  context = undefined;
});

afterEach(async () => {
  client.close();
  await subject.stop();
});

describe('one port', () => {
  it('speaks gRPC and HTTP/1.1 at the same time', async () => {
    await start();
    const http = await subject.connect();
    for (let n = 0; n < 3; n++) {
      expect(await ask('grüß')).toBe('GRÜSS');
      expect((await http.send('GET', '/echo').answer()).status).toBe(200);
    }
  });

  it('knows a preface that comes byte by byte', async () => {
    await start();
    const raw = await subject.connect();
    const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
    for (const character of preface) {
      raw.write(character);
      await new Promise((resolve) => setImmediate(resolve));
    }
    raw.write(Uint8Array.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    // A SETTINGS frame comes back: length, then type 4.
    await expect.poll(() => raw.unread.charCodeAt(3)).toBe(4);
  });

  it.each([
    ['a malformed preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r!'],
    ['frames that are none', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\u00ff'.repeat(64)}`],
    ['a connection that breaks after the preface', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('is unharmed by %s', async (_, bytes) => {
    await start();
    const raw = await subject.connect();
    raw.write(Buffer.from(bytes, 'latin1'));
    if (bytes.endsWith('SM\r\n\r\n')) raw.socket.resetAndDestroy();
    await raw.ended();
    expect(await ask('next')).toBe('NEXT');
    expect(subject.logged.join('')).not.toMatch(/ERROR|FATAL/);
  });

  it('is unharmed by a flood of streams that are reset at once', async () => {
    await start();
    const session = http2.connect(subject.service.address);
    session.on('error', () => {});
    const headers = { ':method': 'POST', ':path': '/test.Subject/Ask', 'content-type': 'application/grpc' };
    for (let n = 0; n < 2_000 && !session.destroyed; n++) {
      const stream = session.request(headers);
      stream.on('error', () => {});
      stream.close(http2.constants.NGHTTP2_CANCEL);
    }
    await new Promise<void>((resolve) => {
      if (session.destroyed) resolve();
      else session.close(resolve);
    });
    expect(await ask('next')).toBe('NEXT');
  });
});

describe('calls', () => {
  it('run in the context their headers give', async () => {
    await start();
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
    await ask('x', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }, 700);
    expect(context?.trace.traceId).toBe(traceId);
    const remainingMs = (context?.deadlineMs ?? 0) - performance.now();
    expect(remainingMs).toBeGreaterThan(0);
    expect(remainingMs).toBeLessThanOrEqual(700);
  });

  it('that fail are logged with what was thrown', async () => {
    await start();
    handle = async () => {
      throw new Error('query failed', { cause: new Error('no such table') });
    };
    await expect(ask('x')).rejects.toMatchObject({ code: grpcJs.status.INTERNAL });
    expect(subject.logged.at(-1)).toMatch(
      /ERROR service=S procedure=test.Subject\/Ask status=error error="query failed: no such table"/,
    );
    handle = async () => {
      throw new HoldfastError('not_found', 'There is none.');
    };
    await expect(ask('x')).rejects.toMatchObject({
      code: grpcJs.status.NOT_FOUND,
      details: 'There is none.',
    });
  });

  it('that prove the program wrong are answered and end it', async () => {
    const bug = Promise.withResolvers<AssertionFailure>();
    await start({ onBug: bug.resolve });
    handle = async () => must<string>(undefined, 'what is always there');
    await expect(ask('x')).rejects.toMatchObject({ code: grpcJs.status.INTERNAL });
    expect((await bug.promise).message).toBe('Missing: what is always there');
    expect(subject.logged.at(-1)).toMatch(/FATAL/);
  });

  it('beyond the bound are told to come back', async () => {
    await start({ limits: { requestsInFlightMax: 1 } });
    const release = Promise.withResolvers<string>();
    handle = () => release.promise;
    const first = ask('x');
    await expect.poll(() => context).toBeDefined();
    await expect(ask('y')).rejects.toMatchObject({ code: grpcJs.status.UNAVAILABLE });
    release.resolve('done');
    expect(await first).toBe('done');
  });

  it('share the bound with HTTP; who asks how the service is needs no place', async () => {
    await start({ limits: { requestsInFlightMax: 1 } });
    const release = Promise.withResolvers<string>();
    handle = () => release.promise;
    const first = ask('x');
    await expect.poll(() => context).toBeDefined();
    expect((await fetch(subject.url('/echo'))).status).toBe(503);
    const same = (bytes: Buffer): Buffer => bytes;
    const health = await new Promise((resolve, reject) => {
      const path = '/grpc.health.v1.Health/Check';
      client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error, reply) =>
        error === null ? resolve(reply) : reject(error),
      );
    });
    expect(health).toBeDefined();
    release.resolve('done');
    await first;
    await expect.poll(async () => (await fetch(subject.url('/echo'))).status).toBe(200);
  });

  it('share their bound with HTTP requests; health is told beyond it', async () => {
    await start({ limits: { requestsInFlightMax: 1 } });
    const release = Promise.withResolvers<string>();
    handle = () => release.promise;
    const call = ask('x');
    await expect.poll(() => context).toBeDefined();
    expect((await fetch(subject.url('/echo'))).status).toBe(503);
    expect((await fetch(subject.url('/health'))).status).toBe(200);
    release.resolve('done');
    expect(await call).toBe('done');
    await expect.poll(async () => (await fetch(subject.url('/echo'))).status).toBe(200);
    // Its body never ends, so it is under way for as long as it is connected.
    const raw = await subject.connect();
    const probe = await subject.connect();
    await raw.send('GET', '/health').answer();
    raw.write('GET /echo HTTP/1.1\r\nHost: test\r\nContent-Length: 9\r\n\r\n{');
    await expect.poll(async () => (await probe.send('GET', '/echo').answer()).status).toBe(503);
    await expect(ask('y')).rejects.toMatchObject({ code: grpcJs.status.UNAVAILABLE });
  });

  it('give their place back when their request takes too long', async () => {
    await start({ limits: { requestsInFlightMax: 1, headersTimeoutMs: 100, requestTimeoutMs: 200 } });
    const session = http2.connect(subject.service.address);
    const headers = { ':method': 'POST', ':path': '/test.Subject/Ask', 'content-type': 'application/grpc' };
    const stream = session.request(headers);
    const [answer] = (await once(stream, 'response')) as [http2.IncomingHttpHeaders];
    expect(answer['grpc-status']).toBe(String(grpcJs.status.DEADLINE_EXCEEDED));
    await once(stream.resume(), 'close');
    session.close();
    expect(await ask('next')).toBe('NEXT');
  });

  it('close a connection that brings no call in the time a header has', async () => {
    await start({ limits: { headersTimeoutMs: 200, timeoutCheckMs: 50 } });
    const silent = http2.connect(`http://127.0.0.1:${subject.service.port}`);
    silent.on('error', () => {});
    const startedAtMs = performance.now();
    await once(silent, 'close');
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(190);
    expect(await ask('x')).toBe('X');
  });

  it('are held back while a drill pauses the process', async () => {
    await start();
    const faults = subject.url('/_holdfast/faults');
    await fetch(faults, { method: 'POST', body: '{"kind":"pause"}' });
    const held = ask('late');
    await expect(ask('early', {}, 100)).rejects.toMatchObject({ code: grpcJs.status.DEADLINE_EXCEEDED });
    const handled: string[] = [];
    handle = async (text) => {
      handled.push(text);
      return text.toUpperCase();
    };
    await fetch(faults, { method: 'DELETE' });
    expect(await held).toBe('LATE');
    expect(handled).toEqual(['late']);
  });
});

describe('drain', () => {
  it('finishes calls under way', async () => {
    await start();
    const release = Promise.withResolvers<string>();
    handle = () => release.promise;
    const call = ask('x');
    await expect.poll(() => context).toBeDefined();
    const drained = subject.service.drain();
    release.resolve('done');
    expect(await call).toBe('done');
    await drained;
  });

  it('cuts off calls that take longer than its bound', async () => {
    await start({ limits: { drainTimeoutMs: 50 } });
    handle = () => new Promise(() => {});
    const cutOff = expect(ask('x')).rejects.toMatchObject({ code: grpcJs.status.UNAVAILABLE });
    await expect.poll(() => context).toBeDefined();
    await subject.service.drain();
    await cutOff;
  });

  it('closes connections without a call', async () => {
    await start();
    const session = http2.connect(subject.service.address);
    await once(session, 'remoteSettings');
    const closed = once(session, 'close');
    await subject.service.drain();
    await closed;
  });
});
