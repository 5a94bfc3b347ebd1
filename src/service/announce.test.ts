import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CallContext, currentContext, runInContext } from '../calls/index.ts';
import { nodeHost } from '../host/node/index.ts';
import { createLogger } from '../telemetry/index.ts';
import type { ServiceDefinition } from './define.ts';
import { startUnderTest } from './testing/service-under-test.ts';

interface Seen {
  readonly method: string;
  readonly path: string;
  readonly key: string | undefined;
  readonly body: {
    readonly state?: string;
    readonly host?: string;
    readonly port?: number;
    readonly weight?: number;
    readonly zone?: string;
  };
  /** Whether the service's port still took connections then. */
  readonly wasOpen: boolean;
}

/**
 * A listener that speaks as much of the registry's wire as an announcement needs, and keeps what it is
 * told.
 */
let registry: Server;
let address: string;
let seen: Seen[];
let watched: string[];
/** What its watchers are shown, and their streams. */
let listed: unknown[];
let streams: ServerResponse[];
let servicePort = 0;

beforeEach(async () => {
  seen = [];
  watched = [];
  listed = [];
  streams = [];
  registry = await startRegistry(streams);
  address = addressOf(registry);
});

afterEach(() => {
  registry.closeAllConnections();
  registry.close();
});

/** Its watchers' streams go to `streams`. */
async function startRegistry(streams: ServerResponse[]): Promise<Server> {
  const server = createServer((request, response) => {
    const { method = '', url = '' } = request;
    if (url.startsWith('/v1/watch')) {
      watched.push(url);
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      streams.push(response);
      const snapshot = { revision: 1, warming: false, instances: listed };
      response.write(`id: e-1\nevent: snapshot\ndata: ${JSON.stringify(snapshot)}\n\n`);
      return;
    }
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', async () => {
      const wasOpen = await isOpen(servicePort);
      const key = request.headers['x-holdfast-key'] as string | undefined;
      seen.push({ method, path: url, key, body: body === '' ? {} : JSON.parse(body), wasOpen });
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ revision: 1, leaseMs: 6_000, removed: true }));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

function addressOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Lists the instance as it announced itself; the function shows a watcher that it drains. */
function list(): (stream: ServerResponse | undefined) => void {
  const instance = { id: 'subject-1', weight: 1, ...seen[0]?.body };
  listed = [{ service: 'subject', ...instance }];
  const draining = { ...instance, state: 'draining' };
  const change = { kind: 'put', revision: 2, service: 'subject', instance: draining };
  return (stream) => stream?.write(`id: e-2\nevent: change\ndata: ${JSON.stringify(change)}\n\n`);
}

async function isOpen(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/health`)).ok;
  } catch {
    return false;
  }
}

describe('a service with a registry', () => {
  it('is announced when ready, says that it drains while it still answers, and is taken off', async () => {
    const env = { HOLDFAST_REGISTRY: address, CLUSTER_KEY: 'k3y', HOLDFAST_INSTANCE: 'subject-1' };
    const { service, stop, logged } = await startUnderTest({}, { env });
    servicePort = service.port;
    await expect.poll(() => seen.length).toBe(1);
    const { port } = service;
    expect(seen[0]).toMatchObject({
      method: 'PUT',
      path: '/v1/services/subject/instances/subject-1',
      key: 'k3y',
      body: { state: 'ready', host: '127.0.0.1', port },
    });
    await expect.poll(() => logged.join('')).toMatch(/INFO service=S registered registry=/);
    await stop();
    const told = seen.map(({ method, body, wasOpen }) => ({ method, state: body.state, wasOpen }));
    expect(told.slice(1)).toEqual([
      { method: 'PUT', state: 'draining', wasOpen: true },
      { method: 'DELETE', state: undefined, wasOpen: false },
    ]);
  });

  it('has a name by itself: service and port', async () => {
    const { service, stop } = await startUnderTest({}, { env: { HOLDFAST_REGISTRY: address } });
    expect(service.instance).toBe(`subject-${service.port}`);
    await expect.poll(() => seen[0]?.path).toBe(`/v1/services/subject/instances/subject-${service.port}`);
    await stop();
  });

  it('keeps its port open until those who watch the registry are told that it drains', async () => {
    const env = { HOLDFAST_REGISTRY: address, HOLDFAST_INSTANCE: 'subject-1' };
    // Only the news may end the wait here.
    const limits = { drainToldMs: 60_000, drainNoticeMs: 0 };
    const { service, stop } = await startUnderTest({ limits }, { env });
    servicePort = service.port;
    await expect.poll(() => seen.length).toBe(1);
    const showDraining = list();
    const drained = stop();
    await expect.poll(() => streams.length).toBe(1);
    await expect.poll(() => seen.length).toBe(2);
    for (let turn = 0; turn < 20; turn++) expect(await isOpen(servicePort)).toBe(true);
    showDraining(streams[0]);
    await drained;
    expect(seen.at(-1)?.method).toBe('DELETE');
  });

  it('waits for each of its registries to tell those who watch', async () => {
    const otherStreams: ServerResponse[] = [];
    const other = await startRegistry(otherStreams);
    try {
      const env = { HOLDFAST_REGISTRY: `${address},${addressOf(other)}`, HOLDFAST_INSTANCE: 'subject-1' };
      const limits = { drainToldMs: 60_000, drainNoticeMs: 0 };
      const { service, stop } = await startUnderTest({ limits }, { env });
      await expect.poll(() => seen.length).toBe(2);
      const showDraining = list();
      const drained = stop();
      await expect.poll(() => [streams.length, otherStreams.length]).toEqual([1, 1]);
      showDraining(streams[0]);
      for (let turn = 0; turn < 20; turn++) expect(await isOpen(service.port)).toBe(true);
      showDraining(otherStreams[0]);
      await drained;
    } finally {
      other.closeAllConnections();
      other.close();
    }
  });

  it('does not go on watching a registry that keeps showing it as ready', async () => {
    const env = { HOLDFAST_REGISTRY: address, HOLDFAST_INSTANCE: 'subject-1' };
    const limits = { drainToldMs: 50, drainNoticeMs: 0 };
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const http: ServiceDefinition['http'] = (app) => {
      app.get('/slow', () => {
        ask();
        return answered.then(() => ({}));
      });
    };
    const { url, stop } = await startUnderTest({ limits, http }, { env });
    await expect.poll(() => seen.length).toBe(1);
    list();
    const slow = fetch(url('/slow'));
    await asked;
    const drained = stop();
    await expect.poll(() => streams[0]?.closed).toBe(true);
    expect(seen.map(({ method }) => method)).not.toContain('DELETE');
    answer();
    expect((await slow).status).toBe(200);
    await drained;
  });

  it('says where it runs and how much traffic it wants, through its whole life', async () => {
    const env = { HOLDFAST_REGISTRY: address, HOLDFAST_WEIGHT: '2.5', HOLDFAST_ZONE: 'cellar' };
    const { stop } = await startUnderTest({}, { env });
    await expect.poll(() => seen[0]?.body).toMatchObject({ weight: 2.5, zone: 'cellar' });
    await stop();
    const puts = seen.filter(({ method }) => method === 'PUT').map(({ body }) => body);
    expect(puts.at(-1)).toMatchObject({ state: 'draining', weight: 2.5, zone: 'cellar' });
  });

  it('that says neither has weight 1 and no zone', async () => {
    const { stop } = await startUnderTest({}, { env: { HOLDFAST_REGISTRY: address } });
    await expect.poll(() => seen[0]?.body.weight).toBe(1);
    expect(seen[0]?.body).not.toHaveProperty('zone');
    await stop();
  });

  it('listening on every address, names one that others reach', async () => {
    const { stop } = await startUnderTest({}, { env: { HOLDFAST_REGISTRY: address, HOST: '0.0.0.0' } });
    await expect.poll(() => seen[0]?.body.host).toBe('127.0.0.1');
    await stop();
  });

  it('started and drained while a request is handled, does not belong to that request', async () => {
    const lines: string[] = [];
    const log = createLogger({
      format: 'json',
      level: 'info',
      service: 'S',
      traceId: () => currentContext()?.trace.traceId,
      write: (line) => lines.push(line),
    });
    const context = new CallContext({ random: nodeHost({ faultsAllowed: false }).random });
    const env = { HOLDFAST_REGISTRY: address };
    const { stop } = await runInContext(context, () => startUnderTest({}, { env, log }));
    await expect.poll(() => lines.join('')).toMatch(/"registered"/);
    await runInContext(context, stop);
    expect(lines.join('')).toMatch(/"draining".*"stopped"/s);
    expect(lines.join('')).not.toContain('trace_id');
    runInContext(context, () => log.info('in it'));
    expect(lines.at(-1)).toContain(context.trace.traceId);
  });

  it('that is not to be found is not announced', async () => {
    const { stop } = await startUnderTest({ announce: false }, { env: { HOLDFAST_REGISTRY: address } });
    await stop();
    expect(seen).toEqual([]);
  });
});

describe('a service whose registry is away', () => {
  it('starts, answers and drains all the same, and says so once', async () => {
    registry.close();
    const { service, stop, logged, url } = await startUnderTest(
      {},
      { env: { HOLDFAST_REGISTRY: address } },
    );
    expect((await fetch(url('/ready'))).status).toBe(200);
    await expect.poll(() => logged.join('')).toMatch(/WARN service=S registry=.* error="Not registered/);
    expect(service.state).toBe('ready');
    await stop();
    expect(logged.join('').match(/Not registered/g)).toHaveLength(1);
  });
});

describe('addresses', () => {
  it('given by hand are used without asking; others are looked up', async () => {
    const other = await startUnderTest({
      http(app) {
        app.get('/echo', () => ({ echo: 'other' }));
      },
    });
    const { url, stop } = await startUnderTest(
      {
        addresses: (env) => ({ other: env.OTHER_URL, unset: env.UNSET_URL }),
        http(app, { calls }) {
          app.get('/other', async () => (await calls.request('other', { path: '/echo' })).json());
          app.get('/unset', async () => (await calls.request('unset', { path: '/' })).json());
        },
      },
      { env: { HOLDFAST_REGISTRY: address, OTHER_URL: other.service.address } },
    );
    expect(await (await fetch(url('/other'))).json()).toEqual({ echo: 'other' });
    expect((await fetch(url('/unset'))).status).toBe(503);
    expect(watched).toEqual([expect.stringContaining('unset')]);
    await stop();
    await other.stop();
  });

  it('that are none are refused at the start', async () => {
    const definition = { addresses: () => ({ other: 'localhost' }) };
    await expect(startUnderTest(definition)).rejects.toThrow(
      'The address of other must look like http://127.0.0.1:8080, not "localhost".',
    );
  });
});
