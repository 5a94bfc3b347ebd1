import { spawn } from 'node:child_process';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HoldfastError } from '../std/index.ts';
import { GrpcConnection } from './client.ts';
import type { ClientCall } from './client-call.ts';
import { limits } from './limits.ts';
import { serverOptions } from './server.ts';
import { frameOf } from './wire.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

type Answer = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void;

async function serve(answer: Answer, options: http2.ServerOptions = {}) {
  const sockets = new Set<Socket>();
  const server = http2.createServer({ ...serverOptions, ...options });
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.on('session', (session) => session.on('error', () => {}));
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => {});
    answer(stream, headers);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, server, sockets };
}

function connectionTo(port: number): GrpcConnection {
  const connection = new GrpcConnection({ host: '127.0.0.1', port }, 'a-1');
  cleanups.push(() => connection.destroy());
  return connection;
}

interface Ended {
  readonly error: HoldfastError | undefined;
  readonly bytes: number;
}

function ask(connection: GrpcConnection, message = ''): { call: ClientCall; ended: Promise<Ended> } {
  const { promise, resolve } = Promise.withResolvers<Ended>();
  let bytes = 0;
  const call = connection.call('/x', [], {
    message: (part) => {
      bytes += part.length;
    },
    ended: (error) => resolve({ error, bytes }),
  });
  call.end(frameOf(Buffer.from(message)));
  return { call, ended: promise };
}

function reply(stream: http2.ServerHttp2Stream, frame: Buffer): void {
  stream.respond({ ':status': 200 }, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(frame);
}

describe('a connection', () => {
  it('carries many large messages at once', async () => {
    const megabyte = frameOf(Buffer.alloc(1_000_000));
    const { port } = await serve((stream) => {
      stream.resume();
      stream.on('end', () => reply(stream, megabyte));
    });
    const connection = connectionTo(port);
    const request = 'x'.repeat(1_000_000);
    const all = await Promise.all(Array.from({ length: 32 }, () => ask(connection, request).ended));
    expect(all).toEqual(all.map(() => ({ error: undefined, bytes: 1_000_000 })));
  });

  it('is given up when its peer is gone without a word', async () => {
    const { port } = await serve((stream, headers) => {
      if (headers[':path'] === '/x') reply(stream, frameOf(Buffer.alloc(1)));
    });
    // A network that swallows what it is given, once told to.
    let open = true;
    const relay = createServer((socket) => {
      const onward = connect(port, '127.0.0.1');
      socket.on('data', (chunk) => open && onward.write(chunk));
      onward.on('data', (chunk) => open && socket.write(chunk));
      for (const each of [socket, onward]) each.on('error', () => {});
      cleanups.push(() => [socket, onward].map((each) => each.destroy()));
    }).listen(0, '127.0.0.1');
    await once(relay, 'listening');
    cleanups.push(() => relay.close());
    const connection = connectionTo((relay.address() as AddressInfo).port);
    expect((await ask(connection).ended).error).toBeUndefined();
    open = false;
    const other = ask(connection);
    ask(connection).call.cancel();
    expect((await other.ended).error).toMatchObject({ code: 'unavailable', mayHaveExecuted: true });
    expect(connection.usable).toBe(false);
  });

  it('is kept when its peer is only slow', async () => {
    const slow: http2.ServerHttp2Stream[] = [];
    const { port, server } = await serve((stream) => slow.push(stream));
    const connection = connectionTo(port);
    const [[session]] = await Promise.all([
      once(server, 'session') as Promise<[http2.ServerHttp2Session]>,
      new Promise<void>((resolve) => connection.whenConnected(resolve)),
    ]);
    const pinged = once(session, 'ping');
    const other = ask(connection);
    let heard = -1;
    const isQuiet = (): boolean => {
      const before = heard;
      heard = connection.bytesHeard;
      return heard === before && slow.length === 1;
    };
    await expect.poll(isQuiet).toBe(true);
    ask(connection).call.cancel();
    await pinged;
    const untilMs = performance.now() + limits.pingTimeoutMs + 200;
    await expect.poll(() => performance.now() > untilMs || !connection.usable).toBe(true);
    expect(connection.usable).toBe(true);
    reply(slow[0] as http2.ServerHttp2Stream, frameOf(Buffer.alloc(1)));
    expect((await other.ended).error).toBeUndefined();
  });

  it('that does not come about in time has sent nothing', async () => {
    // Its one place for connections that nobody accepts is taken: the kernel drops what comes after.
    const program = `
      const server = require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 });
      server.on('listening', () => process.stdout.write(String(server.address().port)));`;
    const child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'] });
    cleanups.push(() => child.kill('SIGKILL'));
    const [port] = await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    for (let index = 0; index < 4; index++) {
      const socket = connect(Number(port), '127.0.0.1').on('error', () => {});
      cleanups.push(() => socket.destroy());
    }
    const connection = connectionTo(Number(port));
    const { error } = await ask(connection).ended;
    expect(error).toMatchObject({ code: 'unavailable', mayHaveExecuted: false });
    expect(error?.message).toContain(`it took no connection within ${limits.connectTimeoutMs} ms`);
    expect(connection.usable).toBe(false);
  });

  it.each<[string, (socket: Socket) => void]>([
    ['is reset', (socket) => socket.resetAndDestroy()],
    ['ends', (socket) => socket.destroy()],
  ])('that %s tells calls that were sent from those that waited', async (_, breakOff) => {
    const seen: unknown[] = [];
    const { port, sockets } = await serve((stream) => seen.push(stream), {
      settings: { maxConcurrentStreams: 1 },
    });
    const connection = connectionTo(port);
    await new Promise<void>((resolve) => connection.whenConnected(resolve));
    await expect.poll(() => connection.bytesHeard).toBeGreaterThan(0);
    const calls = [ask(connection), ask(connection), ask(connection)];
    await expect.poll(() => seen.length).toBe(1);
    for (const socket of sockets) breakOff(socket);
    const ended = await Promise.all(calls.map((call) => call.ended));
    expect(ended.map(({ error }) => error?.mayHaveExecuted)).toEqual([true, false, false]);
  });
});

describe('an answer', () => {
  it('that is too long: the call was carried out all the same', async () => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt32BE(limits.messageBytesMax + 1, 1);
    const { port } = await serve((stream) => reply(stream, prefix));
    const { error } = await ask(connectionTo(port)).ended;
    expect(error).toMatchObject({ code: 'resource_exhausted', mayHaveExecuted: true, retryable: false });
  });

  it.each<[string, http2.OutgoingHttpHeaders, string]>([
    ['a status', { ':status': 200, 'grpc-status': '10', 'grpc-retry-pushback-ms': '70' }, 'aborted'],
    ['an HTTP status', { ':status': 401 }, 'unauthenticated'],
  ])('of %s alone is an answer', async (_, headers, code) => {
    const { port } = await serve((stream) => stream.respond(headers, { endStream: true }));
    const { error } = await ask(connectionTo(port)).ended;
    expect(error).toMatchObject({ code, answered: true, mayHaveExecuted: true });
    if (code === 'aborted') expect(error?.retryAfterMs).toBe(70);
  });

  it('before the request has ended ends the call', async () => {
    const closed = Promise.withResolvers<void>();
    const { port } = await serve((stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '9' }, { endStream: true });
      stream.resume();
      stream.on('close', closed.resolve);
    });
    const { promise, resolve } = Promise.withResolvers<unknown>();
    connectionTo(port).call('/x', [], { message: () => {}, ended: resolve });
    expect(await promise).toMatchObject({ code: 'failed_precondition' });
    await closed.promise;
  });
});

describe('a call that is cancelled', () => {
  it('does not look like one whose request has ended', async () => {
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const begun = Promise.withResolvers<void>();
    const { port } = await serve((stream) => {
      const seen: string[] = [];
      stream.on('data', begun.resolve);
      for (const name of ['aborted', 'end'] as const) stream.on(name, () => seen.push(name));
      stream.on('close', () => resolve(seen));
    });
    const connection = connectionTo(port);
    const call = connection.call('/x', [], { message: () => {}, ended: () => {} });
    call.write(frameOf(Buffer.alloc(1)));
    await begun.promise;
    call.cancel();
    expect((await promise)[0]).toBe('aborted');
  });
});
