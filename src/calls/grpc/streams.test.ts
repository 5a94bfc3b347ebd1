import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { DescMethodStreaming } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type GrpcCall, GrpcServer, grpcService, serverOptions } from '../../grpc/index.ts';
import { textService } from '../../grpc/testing/index.ts';
import { nodeHost } from '../../host/node/index.ts';
import { HoldfastError, must } from '../../std/index.ts';
import type { Calls } from '../caller.ts';
import { createCalls } from '../calls.ts';
import { CallContext, runInContext } from '../context.ts';
import type { Outcome } from '../core/events.ts';
import { fixedDiscovery, type Instance } from '../discovery.ts';
import { GrpcConnections } from './connections.ts';
import { StreamExchange } from './streaming.ts';

const host = nodeHost({ faultsAllowed: false });

interface Text {
  readonly value: string;
}

type Requests = AsyncIterable<Text>;

interface Client {
  gather(requests: AsyncIterable<Text>): Promise<Text>;
  list(request: Text, options?: { readonly timeoutMs?: number }): AsyncIterable<Text>;
}

const desc = textService('test.Subject', [
  { name: 'Gather', clientStreaming: true },
  { name: 'List', serverStreaming: true },
]);

let gather: (requests: Requests, call: GrpcCall) => Promise<Text>;
let list: (request: Text, call: GrpcCall) => AsyncGenerator<Text>;
let grpc: GrpcServer;
let server: http2.Http2Server;
let sessions: http2.ServerHttp2Session[];
let instance: Instance;
let calls: Calls;
let client: Client;

beforeEach(async () => {
  const handlers = {
    gather: (requests: Requests, call: GrpcCall) => gather(requests, call),
    list: (request: Text, call: GrpcCall) => list(request, call),
  };
  grpc = new GrpcServer({ clock: host.clock, services: [grpcService(desc, handlers as never)] });
  server = http2.createServer(serverOptions);
  grpc.attach(server);
  sessions = [];
  server.on('session', (session) => sessions.push(session));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  instance = { id: 'a-1', incarnation: 'i', host: '127.0.0.1', port, state: 'ready', weight: 1 };
  calls = createCalls({ host, discovery: fixedDiscovery({ a: [instance] }) });
  client = createClient(desc, calls.transport('a')) as unknown as Client;
});

afterEach(async () => {
  await calls.close();
  for (const session of sessions) session.destroy();
  server.close();
});

const idle = (): Promise<void> => new Promise((resolve) => grpc.whenIdle(resolve));
const large = 'x'.repeat(50_000);

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

describe('a stream', () => {
  it('is cancelled when its reader leaves it', async () => {
    list = async function* (request, { signal }) {
      yield request;
      await once(signal, 'abort');
    };
    const method = must(desc.method.list, 'the method') as DescMethodStreaming;
    const asked = (async function* () {
      yield { value: 'x' } as never;
    })();
    // Connect's own clients leave `return` out: with them it takes a signal.
    const answer = await calls.transport('a').stream(method, undefined, undefined, undefined, asked);
    for await (const message of answer.message) {
      expect(message).toMatchObject({ value: 'x' });
      break;
    }
    await idle();
  });

  it('ends at the deadline of the request it belongs to', async () => {
    let deadlineMs: number | undefined;
    list = async function* (request, call) {
      deadlineMs = call.deadlineMs;
      yield request;
      await once(call.signal, 'abort');
    };
    const context = new CallContext({ deadlineMs: host.clock.nowMs() + 300, random: host.random });
    const read = async (): Promise<void> => {
      for await (const _ of client.list({ value: 'x' }, { timeoutMs: 60_000 }));
    };
    await expect(runInContext(context, read)).rejects.toMatchObject({ code: 'deadline_exceeded' });
    expect(deadlineMs).toBeLessThan(host.clock.nowMs() + 1_000);
  });

  it('comes no faster than it is read', async () => {
    let yielded = 0;
    list = async function* () {
      for (; yielded < 300; yielded++) yield { value: large };
    };
    const answers = client.list({ value: 'x' })[Symbol.asyncIterator]();
    await answers.next();
    await settled(() => yielded);
    expect(yielded).toBeLessThan(150);
    let read = 1;
    while (!(await answers.next()).done) read += 1;
    expect(read).toBe(300);
  });

  it('is sent no faster than it is taken', async () => {
    const go = Promise.withResolvers<void>();
    gather = async (requests) => {
      await go.promise;
      let taken = 0;
      for await (const _ of requests) taken += 1;
      return { value: String(taken) };
    };
    let sent = 0;
    async function* requests() {
      for (; sent < 300; sent++) yield { value: large };
    }
    const answer = client.gather(requests());
    await settled(() => sent);
    expect(sent).toBeLessThan(150);
    go.resolve();
    expect((await answer).value).toBe('300');
  });

  it('that is answered before its end is read no further', async () => {
    gather = async (requests) => {
      for await (const _ of requests) return { value: 'enough' };
      return { value: '' };
    };
    const finished = Promise.withResolvers<void>();
    async function* requests() {
      try {
        for (;;) yield { value: large };
      } finally {
        finished.resolve();
      }
    }
    expect((await client.gather(requests())).value).toBe('enough');
    await finished.promise;
    await idle();
  });

  it('with a message that is none: a clear error', async () => {
    server.removeAllListeners('stream');
    server.on('stream', (stream: http2.ServerHttp2Stream) => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end(Buffer.from([0, 0, 0, 0, 1, 0xff]));
    });
    const answers = client.list({ value: 'x' })[Symbol.asyncIterator]();
    const error = await answers.next().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HoldfastError);
    expect(error).toMatchObject({ code: 'internal' });
  });

  it('adds nothing to its connection that stays', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): number => warnings.push(warning);
    process.on('warning', note);
    list = async function* (request) {
      yield request;
    };
    const read = async (): Promise<void> => {
      for await (const _ of client.list({ value: 'x' }));
    };
    await Promise.all(Array.from({ length: 30 }, read));
    process.off('warning', note);
    expect(warnings).toEqual([]);
  });

  it.each(['ends', 'fails'])(
    'that %s is known by its first message, not by how long it lasts',
    async (how) => {
      list = async function* (request, { signal }) {
        yield request;
        await new Promise<void>((resolve) => host.clock.setTimer(400, resolve));
        if (how === 'fails') sessions[0]?.destroy();
        expect(signal.aborted).toBe(how === 'fails');
      };
      const connections = new GrpcConnections();
      const frame = Buffer.from([0, 0, 0, 0, 0]);
      const frames = (async function* () {
        yield frame;
      })();
      const exchange = new StreamExchange(connections, {
        path: '/test.Subject/List',
        frames,
        headers: () => [],
      });
      const commitsAtMs: number[] = [];
      const sentAtMs = host.clock.nowMs();
      const outcome = await new Promise<Outcome>((settled) =>
        exchange.send({
          instance,
          remainingMs: 5_000,
          attempt: 1,
          committed: () => commitsAtMs.push(host.clock.nowMs() - sentAtMs),
          resend: () => undefined,
          settled,
        }),
      );
      expect(commitsAtMs).toHaveLength(1);
      expect(commitsAtMs[0]).toBeLessThan(350);
      connections.close();
      const verdict = how === 'ends' ? 'ok' : 'failed';
      expect(outcome).toEqual({ type: 'answered', verdict });
    },
  );
});

describe('connections', () => {
  const noSink = { message: () => {}, ended: () => {} };

  it('to instances that are gone close after their last call', async () => {
    const release = Promise.withResolvers<void>();
    list = async function* (request) {
      await release.promise;
      yield request;
    };
    const connections = new GrpcConnections();
    const known = connections.to(instance);
    connections.retain(new Set([`${instance.host} ${instance.port}`]));
    expect(connections.to(instance)).toBe(known);
    const ended = Promise.withResolvers<HoldfastError | undefined>();
    const call = known.call('/test.Subject/List', [], { message: () => {}, ended: ended.resolve });
    call.end(Buffer.from([0, 0, 0, 0, 0]));
    await expect.poll(() => grpc.callsUnderWay).toBe(1);
    const closed = once(must(sessions[0], 'the session'), 'close');
    connections.retain(new Set());
    release.resolve();
    expect(await ended.promise).toBeUndefined();
    await closed;
    expect(connections.to(instance)).not.toBe(known);
    connections.close();
  });

  it('that were replaced are closed with the rest', async () => {
    list = async function* (request, { signal }) {
      await once(signal, 'abort');
      yield request;
    };
    const connections = new GrpcConnections();
    const old = connections.to(instance);
    old.call('/test.Subject/List', [], noSink).end(Buffer.from([0, 0, 0, 0, 0]));
    await expect.poll(() => grpc.callsUnderWay).toBe(1);
    sessions[0]?.close();
    await expect.poll(() => old.usable).toBe(false);
    expect(connections.to(instance)).not.toBe(old);
    connections.close();
    expect(old.closed).toBe(true);
    await idle();
  });

  it('belong to no request', async () => {
    const storage = new AsyncLocalStorage<string>();
    const connections = new GrpcConnections();
    const connection = storage.run('a request', () => connections.to(instance));
    const store = await new Promise((resolve) => {
      connection.whenConnected(() => resolve(storage.getStore()));
    });
    expect(store).toBeUndefined();
    connections.close();
  });
});
