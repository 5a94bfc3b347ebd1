import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { currentContext } from '../../calls/index.ts';
import { nodeHost } from '../../host/node/index.ts';
import { type RunningService, type StartOptions, startService } from '../../service/index.ts';
import { createLogger, type Logger } from '../../telemetry/index.ts';
import { headersForUpstream } from './headers.ts';
import { limits } from './limits.ts';
import { parseRoutes, RouteTable } from './routes.ts';
import { gateway } from './service.ts';

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A gateway with the route /up to this upstream, and /down to nobody. */
async function serve(
  upstream: (request: IncomingMessage, response: ServerResponse) => void,
  options: Partial<StartOptions> = {},
): Promise<RunningService> {
  const server = createServer(upstream).listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const routes = [
    { prefix: '/up', service: 'up' },
    { prefix: '/down', service: 'down' },
  ];
  const definition = {
    ...gateway(routes),
    addresses: () => ({ up: `http://127.0.0.1:${port}`, down: 'http://127.0.0.1:1' }),
  };
  const service = await startService(definition, {
    host: nodeHost({ faultsAllowed: false }),
    env: { HOLDFAST_REGISTRY: 'none', LOG_LEVEL: 'silent' },
    ...options,
  });
  cleanups.push(() => service.drain(100));
  return service;
}

/** A log whose lines are kept. */
function keptLog(): { readonly log: Logger; readonly lines: Readonly<Record<string, unknown>>[] } {
  const lines: Record<string, unknown>[] = [];
  const log = createLogger({
    format: 'json',
    level: 'info',
    service: 'gateway',
    traceId: () => currentContext()?.trace.traceId,
    write: (line) => lines.push(JSON.parse(line)),
  });
  return { log, lines };
}

const errorsIn = (lines: readonly Readonly<Record<string, unknown>>[]) =>
  lines.filter(({ level }) => level === 'ERROR');

interface Heard {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function telling(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { method, url, headers } = request;
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
}

describe('gateway', () => {
  it('cuts the prefix once and passes method, query and body on', async () => {
    const { address } = await serve(telling);
    for (const [path, expected] of [
      ['/up', '/'],
      ['/up/', '/'],
      ['/up?x=1', '/?x=1'],
      ['/up/a/b?c=%20d&e', '/a/b?c=%20d&e'],
      ['/up/up/x', '/up/x'],
    ]) {
      const heard = (await (await fetch(address + path)).json()) as Heard;
      expect([path, heard.url]).toEqual([path, expected]);
    }
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const reply = await fetch(`${address}/up/x`, {
        method,
        body: '{not json',
        headers: { 'content-type': 'application/json' },
      });
      const heard = (await reply.json()) as Heard;
      expect([heard.method, heard.body, heard.headers['content-type']]).toEqual([
        method,
        '{not json',
        'application/json',
      ]);
    }
  });

  it('passes a body with GET on', async () => {
    const { port } = await serve(telling);
    const sent = request({
      port,
      host: '127.0.0.1',
      path: '/up/x',
      method: 'GET',
      headers: { 'content-length': 5 },
    });
    sent.end('hello');
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk as Buffer);
    expect(JSON.parse(Buffer.concat(chunks).toString()).body).toBe('hello');
  });

  it('strips what belongs to the connection or proves nothing from outside, and says who asks', async () => {
    const { address, port } = await serve(telling);
    const reply = await fetch(`${address}/up/x`, {
      headers: {
        'x-forwarded-for': '10.0.0.1',
        'x-holdfast-key': 'stolen',
        'x-holdfast-timeout-ms': '1',
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        accept: 'text/x',
        'x-own': 'a, b',
      },
    });
    const { headers } = (await reply.json()) as Heard;
    expect(headers['x-forwarded-for']).toBe('127.0.0.1');
    expect(headers['x-forwarded-host']).toBe(`127.0.0.1:${port}`);
    expect(headers['x-holdfast-key']).toBeUndefined();
    expect(Number(headers['x-holdfast-timeout-ms'])).toBeGreaterThan(limits.requestTimeoutMs - 1_000);
    expect(headers.traceparent).not.toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    expect([headers.accept, headers['x-own']]).toEqual(['text/x', 'a, b']);
  });

  it('brings status, headers and body back, cookies apart', async () => {
    const { address } = await serve((_, response) => {
      response.writeHead(
        418,
        [
          ['set-cookie', 'a=1'],
          ['set-cookie', 'b=2'],
          ['x-kind', 'teapot'],
        ].flat(),
      );
      response.end('short and stout');
    });
    const reply = await fetch(`${address}/up/x`);
    expect(reply.status).toBe(418);
    expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(reply.headers.get('x-kind')).toBe('teapot');
    expect(await reply.text()).toBe('short and stout');
  });

  it('brings HEAD, 204 and bytes back as they are', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte));
    const { address } = await serve((request, response) => {
      if (request.url === '/none') response.writeHead(204).end();
      else response.setHeader('content-length', 256).end(request.method === 'HEAD' ? undefined : bytes);
    });
    expect((await fetch(`${address}/up/none`)).status).toBe(204);
    expect(Buffer.from(await (await fetch(`${address}/up/x`)).arrayBuffer())).toEqual(bytes);
    const head = await fetch(`${address}/up/x`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length')]).toEqual([200, '256']);
  });

  it('says that no route leads there, that nobody is there, and that it lives', async () => {
    const { address, port } = await serve(telling);
    for (const path of ['/', '/upper', '/u', '/echo']) {
      const reply = await fetch(address + path);
      expect([reply.status, await reply.json()]).toEqual([
        404,
        { error: { code: 'not_found', message: `No route leads to ${path}.` } },
      ]);
    }
    const down = await fetch(`${address}/down/x`);
    expect([down.status, ((await down.json()) as { error: { code: string } }).error.code]).toEqual([
      503,
      'unavailable',
    ]);
    expect(await (await fetch(`${address}/status`)).json()).toEqual({
      message: `API Gateway running at http://127.0.0.1:${port} is alive!`,
    });
    expect((await fetch(`${address}/health`)).status).toBe(200);
  });

  it('refuses a body over its bound', async () => {
    // Its own bound, not that of services in general.
    const { address } = await serve(telling, { limits: { bodyBytesMax: 4 * limits.bodyBytesMax } });
    const reply = await fetch(`${address}/up/x`, {
      method: 'POST',
      body: 'x'.repeat(limits.bodyBytesMax + 1),
    });
    expect([reply.status, await reply.json()]).toEqual([
      413,
      {
        error: {
          code: 'out_of_range',
          message: `The body is too large: it may have ${limits.bodyBytesMax} bytes.`,
        },
      },
    ]);
  });

  it('keeps headers back that concern its connection to the service', async () => {
    const { address } = await serve((_, response) => {
      response.setHeader('connection', 'close, X-Secret');
      response.setHeader('x-secret', '1');
      response.setHeader('proxy-authenticate', 'Basic');
      response.setHeader('x-kept', '2');
      response.end('{}');
    });
    const { headers } = await fetch(`${address}/up/x`);
    expect([headers.get('x-kept'), headers.get('x-secret'), headers.get('proxy-authenticate')]).toEqual([
      '2',
      null,
      null,
    ]);
  });

  it('takes a target in absolute form, and tells the service its host', async () => {
    const { port } = await serve(telling);
    const sent = request({ port, host: '127.0.0.1', path: 'http://shop.example/up/x?y=1' }).end();
    const [reply] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of reply) chunks.push(chunk as Buffer);
    const heard = JSON.parse(Buffer.concat(chunks).toString()) as Heard;
    expect([heard.url, heard.headers['x-forwarded-host']]).toEqual(['/x?y=1', 'shop.example']);
  });

  it.each([
    ['larger than it passes on', 'resource_exhausted', 'HTTP/1.1 200 OK\r\n\r\n', 17],
    ['no HTTP', 'internal', 'HTTP/9 what\r\n\r\n', 0],
  ])('answers 502 to what is %s', async (_, code, head, megabytes) => {
    const { address } = await serve(({ socket }) => {
      socket.write(head);
      for (let n = 0; n < megabytes; n++) socket.write(Buffer.alloc(1024 * 1024));
      socket.end();
    });
    const reply = await fetch(`${address}/up/x`);
    const body = (await reply.json()) as { error: { code: string } };
    expect([reply.status, body.error.code]).toEqual([502, code]);
  });

  it('logs a failed call once, with the trace that the call carried', async () => {
    const { log, lines } = keptLog();
    const traces: unknown[] = [];
    const { address } = await serve(
      ({ headers, socket }) => {
        traces.push(String(headers.traceparent).split('-')[1]);
        socket.destroy();
      },
      { log },
    );
    const outside = '4bf92f3577b34da6a3ce929d0e0e4736';
    const headers = { traceparent: `00-${outside}-00f067aa0ba902b7-01` };
    const replies = [
      await fetch(`${address}/up/x?y`, { headers }),
      await fetch(`${address}/up/x?y`, { headers, method: 'POST', body: '{}' }),
    ];
    expect(replies.map(({ status }) => status)).toEqual([503, 503]);
    expect(errorsIn(lines)).toEqual(
      [...new Set(traces)].map((trace_id) =>
        expect.objectContaining({ endpoint: '/up/x', status: 'error', trace_id }),
      ),
    );
    expect(errorsIn(lines)).toHaveLength(2);
    expect(traces).not.toContain(outside);
  });

  it('looks its services up at its start', async () => {
    const watched: (string | undefined)[] = [];
    const registry = createServer(({ url }) => watched.push(url)).listen(0, '127.0.0.1');
    await once(registry, 'listening');
    cleanups.push(() => {
      registry.closeAllConnections();
      registry.close();
    });
    const { port } = registry.address() as AddressInfo;
    const definition = gateway([
      { prefix: '/a', service: 'one' },
      { prefix: '/b', service: 'two' },
      { prefix: '/c', service: 'one' },
    ]);
    const service = await startService(definition, {
      host: nodeHost({ faultsAllowed: false }),
      env: { HOLDFAST_REGISTRY: `http://127.0.0.1:${port}`, LOG_LEVEL: 'silent' },
    });
    cleanups.push(() => service.drain(100));
    await expect.poll(() => watched.sort()).toEqual(['/v1/watch?service=one', '/v1/watch?service=two']);
  });

  it('gives a request up when its client is gone', async () => {
    const arrived = Promise.withResolvers<void>();
    const gone = Promise.withResolvers<void>();
    const { log, lines } = keptLog();
    const { address } = await serve(
      (request) => {
        request.once('close', () => gone.resolve());
        arrived.resolve();
      },
      { log },
    );
    const client = new AbortController();
    const reply = fetch(`${address}/up/x`, { signal: client.signal }).catch(() => undefined);
    await arrived.promise;
    client.abort();
    await gone.promise;
    await reply;
    await fetch(`${address}/health`);
    expect(errorsIn(lines)).toEqual([]);
  });
});

describe('routes', () => {
  it('the longest prefix wins, at a segment', () => {
    const table = new RouteTable(
      parseRoutes('[{"prefix":"/a","service":"s1"},{"prefix":"/a/b","service":"s2"}]'),
    );
    expect(table.find('/a/b/c')).toEqual({ service: 's2', path: '/c' });
    expect(table.find('/a/bc')).toEqual({ service: 's1', path: '/bc' });
    expect(table.find('/ab')).toBeUndefined();
  });

  it.each([
    '{}',
    '[{"prefix":"a","service":"s"}]',
    '[{"prefix":"/","service":"s"}]',
    '[{"prefix":"/a"}]',
    '[null]',
    'x',
  ])('refuses %s', (text) => {
    expect(() => parseRoutes(text)).toThrow();
  });

  it('drops the headers that Connection names', () => {
    const headers = { connection: 'close, X-Secret', 'x-secret': '1', 'x-kept': '2', te: 'trailers' };
    const passed = headersForUpstream(headers, { address: '::1', protocol: 'http' });
    expect(passed).toEqual({ 'x-kept': '2', 'x-forwarded-for': '::1', 'x-forwarded-proto': 'http' });
  });
});
