import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Host, Timer } from '../host/index.ts';
import { nodeHost } from '../host/node/index.ts';
import { HoldfastError } from '../std/index.ts';
import type { CallsOptions } from './caller.ts';
import { createCalls } from './calls.ts';
import { CallContext, currentContext, runInContext } from './context.ts';
import type { Discovery, DiscoveryView, Instance } from './discovery.ts';
import type { CallsEvent } from './events.ts';
import { limits } from './limits.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A real host that counts the timers still to fire. */
function countingHost(): Host & { live(): number } {
  const host = nodeHost({ faultsAllowed: false });
  const live = new Set<Timer>();
  const clock = {
    nowMs: () => host.clock.nowMs(),
    wallMs: () => host.clock.wallMs(),
    setTimer(delayMs: number, fire: () => void): Timer {
      const timer = host.clock.setTimer(delayMs, () => {
        live.delete(handle);
        fire();
      });
      const handle = {
        cancel: () => {
          live.delete(handle);
          timer.cancel();
        },
      };
      live.add(handle);
      return handle;
    },
  };
  return { ...host, clock, live: () => live.size };
}

class ListedDiscovery implements Discovery {
  readonly watchers = new Set<(view: DiscoveryView) => void>();
  view: DiscoveryView = { status: 'asking' };
  contexts: unknown[] = [];

  watch(_service: string, listener: (view: DiscoveryView) => void): () => void {
    this.contexts.push(currentContext());
    this.watchers.add(listener);
    listener(this.view);
    return () => this.watchers.delete(listener);
  }

  list(...instances: Instance[]): void {
    this.view = { status: 'known', instances };
    for (const listener of this.watchers) listener(this.view);
  }
}

const instance = (id: string, port: number, host = '127.0.0.1'): Instance => ({
  id,
  incarnation: 'i',
  host,
  port,
  state: 'ready',
  weight: 1,
});

async function serve(
  answer = 'ok',
): Promise<{ server: Server; port: number; sockets: Set<Socket>; seen: () => number }> {
  let seen = 0;
  const sockets = new Set<Socket>();
  const server = createServer({ keepAliveTimeout: 65_000 }, (_, response) => {
    seen += 1;
    if (answer !== '') response.end(answer);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, sockets, seen: () => seen };
}

function make(options: Partial<CallsOptions> = {}) {
  const host = nodeHost({ faultsAllowed: false });
  const discovery = new ListedDiscovery();
  const events: CallsEvent[] = [];
  const observe = (event: CallsEvent): unknown => events.push(event);
  const calls = createCalls({ host, discovery, observe, ...options });
  cleanups.push(() => calls.close());
  return { discovery, events, calls };
}

async function failure(promise: Promise<unknown>): Promise<HoldfastError> {
  const error = await promise.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(HoldfastError);
  return error as HoldfastError;
}

describe('a call leaves nothing behind', () => {
  it('no timer, and no listener on its signal', async () => {
    const host = countingHost();
    const { calls, discovery } = make({ host });
    const { port } = await serve();
    discovery.list(instance('a-1', port));
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...args: Parameters<typeof add>) => {
      listeners += 1;
      add(...args);
    };
    signal.removeEventListener = (...args: Parameters<typeof remove>) => {
      listeners -= 1;
      remove(...args);
    };
    for (let index = 0; index < 10; index++) await calls.request('a', { path: '/', signal });
    expect([host.live(), listeners]).toEqual([0, 0]);
  });

  it('no connection to an instance that is gone, once nothing is under way there', async () => {
    const { calls, discovery } = make();
    const first = await serve();
    const second = await serve();
    discovery.list(instance('a-1', first.port));
    await calls.request('a', { path: '/' });
    expect(first.sockets.size).toBe(1);
    const [socket] = first.sockets;
    discovery.list(instance('a-2', second.port));
    await once(socket as Socket, 'close');
    expect((await calls.request('a', { path: '/' })).status).toBe(200);
    expect(second.seen()).toBe(1);
  });

  it('no idle connection for longer than ours are kept, whatever the server offers', async () => {
    const { calls, discovery } = make();
    const { port, sockets } = await serve();
    discovery.list(instance('a-1', port));
    await calls.request('a', { path: '/' });
    const startedAtMs = performance.now();
    await once([...sockets][0] as Socket, 'close');
    expect(performance.now() - startedAtMs).toBeLessThan(limits.connectionIdleMs + 3_000);
  });
});

describe('close', () => {
  it('fails what is under way, sends nothing more and stops watching', async () => {
    const { calls, discovery } = make();
    const silent = await serve('');
    const other = await serve();
    discovery.list(instance('a-1', silent.port));
    const call = failure(calls.request('a', { path: '/' }));
    await once(silent.server, 'request');
    discovery.list(instance('a-1', silent.port), instance('a-2', other.port));
    await calls.close();
    const error = await call;
    expect([error.code, error.mayHaveExecuted]).toEqual(['cancelled', true]);
    expect(discovery.watchers.size).toBe(0);
    expect((await failure(calls.request('a', { path: '/' }))).code).toBe('failed_precondition');
    expect(other.seen()).toBe(0);
  });
});

describe('an odd address', () => {
  it.each(['fe80::1%eth0', 'no host', '999.1.1.1.1:'])('%s fails its own call only', async (host) => {
    const { calls, discovery } = make();
    const good = await serve();
    const waiting = [1, 2, 3].map(() => calls.request('a', { path: '/' }));
    discovery.list(instance('odd', 80, host), instance('good', good.port));
    for (const answer of await Promise.all(waiting)) expect(answer.status).toBe(200);
    discovery.list(instance('odd', 80, host));
    const error = await failure(calls.request('a', { method: 'POST', path: '/' }));
    expect([error.code, error.mayHaveExecuted]).toEqual(['unavailable', false]);
  });
});

describe('what is shared', () => {
  it('a watch belongs to no request', async () => {
    const { calls, discovery } = make();
    const { port } = await serve();
    discovery.list(instance('a-1', port));
    const context = new CallContext({ random: nodeHost({ faultsAllowed: false }).random });
    await runInContext(context, () => calls.request('a', { path: '/' }));
    expect(discovery.contexts).toEqual([undefined]);
  });

  it('the number of services is bounded', async () => {
    const { calls } = make();
    for (let index = 0; index < limits.upstreamsMax; index++) calls.prepare(`service-${index}`);
    const error = await failure(calls.request('one-more', { path: '/' }));
    expect(error.code).toBe('resource_exhausted');
    expect(error.message).toContain('are the names made up?');
  });

  it('a service is looked up when it is prepared, once', async () => {
    const { calls, discovery } = make();
    const { port } = await serve();
    calls.prepare('a');
    expect(discovery.watchers.size).toBe(1);
    discovery.list(instance('a-1', port));
    await calls.request('a', { path: '/' });
    expect(discovery.watchers.size).toBe(1);
  });
});

describe('observers', () => {
  it('hear of every attempt, also of one that was given up', async () => {
    const { calls, discovery, events } = make();
    const silent = await serve('');
    discovery.list(instance('a-1', silent.port));
    await failure(calls.request('a', { path: '/', timeoutMs: 30 }));
    expect(events).toEqual([
      expect.objectContaining({ type: 'attempt-ended', instance: 'a-1', attempt: 1, result: 'timed-out' }),
      expect.objectContaining({ type: 'call-ended', attempts: 1 }),
    ]);
  });

  it('that ask for instances alone hear what befalls them, and of no attempt or call', async () => {
    const { calls, discovery, events } = make({
      detail: 'instances',
      policies: { a: { balance: 'round-robin' } },
    });
    const failing = await serve('');
    failing.server.on('request', (_, response) => {
      response.statusCode = 500;
      response.end();
    });
    const well = await serve();
    discovery.list(instance('a-1', failing.port), instance('a-2', well.port));
    for (let index = 0; index < 100 && events.length === 0; index++) {
      await calls.request('a', { method: 'POST', path: '/' });
    }
    expect(events).toEqual([expect.objectContaining({ type: 'ejected', service: 'a', instance: 'a-1' })]);
  });
});
