import { once } from 'node:events';
import {
  createServer as createHttpServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
} from 'node:http';
import { createServer, type Server } from 'node:net';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';
import { freePort } from './testing/ports.ts';

/** An instance that passes everything on. */

let mainPort: number;
let main: Instance | undefined;
let proxy: Instance;
let stub: Server | undefined;

beforeAll(async () => {
  mainPort = await freePort();
  proxy = await new Instance(await freePort(), { FORWARDING_ADDRESS: `127.0.0.1:${mainPort}` }).start();
  return async () => {
    await Promise.all([main?.kill(), proxy.kill()]);
  };
}, limits.testMs);

afterEach(() => void stub?.close());

const unreachable = { status: 503, text: '{"error":"Cannot forward request"}' };

it('a main instance that is not there: 503, whatever is asked', async () => {
  for (const [method, target] of [
    ['GET', '/kvs/a'],
    ['PUT', '/kvs/a'],
    ['DELETE', '/kvs/a'],
    ['GET', '/hello'],
    ['PATCH', '/nothing'],
  ] as const) {
    expect(await proxy.ask(method, target)).toMatchObject(unreachable);
  }
});

it.each(['hangs', 'hangs up', 'answers garbage'])('a main instance that %s: 503', async (what) => {
  stub = createServer((socket) => {
    socket.on('error', () => {});
    if (what === 'hangs up') socket.once('data', () => socket.resetAndDestroy());
    if (what === 'answers garbage') socket.end('garbage\r\n\r\n');
  });
  await once(stub.listen(mainPort, '127.0.0.1'), 'listening');
  const startedMs = performance.now();
  expect(await proxy.ask('PUT', '/kvs/a', { value: 1 })).toMatchObject(unreachable);
  expect(performance.now() - startedMs).toBeLessThan(6_000);
});

it('what Connection names goes no further, in either direction', async () => {
  let seen: IncomingHttpHeaders = {};
  const server = createHttpServer((request, response) => {
    seen = request.headers;
    response.setHeader('connection', ['keep-alive, X-Hop-1', 'x-hop-2']);
    for (const name of ['x-hop-1', 'X-Hop-2', 'x-end']) response.setHeader(name, 'd');
    response.end();
  });
  stub = server;
  await once(server.listen(mainPort, '127.0.0.1'), 'listening');
  const connection = 'close, X-Hop-1 ,x-hop-2';
  const headers = { connection, 'x-hop-1': 'a', 'x-hop-2': 'b', 'x-end': 'c' };
  const asked = request({ port: proxy.port, path: '/kvs/a', headers }).end();
  const [answer] = (await once(asked, 'response')) as [IncomingMessage];
  answer.resume();
  expect(answer.statusCode).toBe(200);
  expect(seen).toMatchObject({ 'x-end': 'c' });
  expect(answer.headers).toMatchObject({ 'x-end': 'd' });
  for (const name of ['x-hop-1', 'x-hop-2']) {
    expect([seen[name], answer.headers[name]]).toEqual([undefined, undefined]);
  }
});

it('says at its start that it is a proxy, and of which instance', async () => {
  await proxy.line(new RegExp(` INFO .* this proxy passes every request on to=127.0.0.1:${mainPort}$`));
});

it('its health is its own', async () => {
  expect((await proxy.ask('GET', '/health')).status).toBe(200);
  expect((await proxy.ask('GET', '/ready')).status).toBe(200);
});

it('what is asked of it the main instance answers', { timeout: limits.testMs }, async () => {
  main = await new Instance(mainPort, {}).start();
  const asked: readonly (readonly [string, string, unknown?])[] = [
    ['PUT', '/kvs/a%2Fb%20%3F', { value: { n: 1 } }],
    ['GET', '/kvs/a%2Fb%20%3F'],
    ['PUT', '/kvs/a%2Fb%20%3F', {}],
    ['GET', '/kvs?prefix=a%2F&limit=1'],
    ['DELETE', '/kvs/a%2Fb%20%3F'],
    ['GET', '/kvs/a%2Fb%20%3F'],
    ['GET', '/hello'],
    ['POST', '/hello/x'],
    ['POST', '/hello'],
    ['POST', '/test?msg=a%20b'],
    ['PATCH', '/kvs/a'],
    ['PROPFIND', '/kvs/a'],
    ['PUT', '/kvs/x', '{"value"'],
  ];
  const statuses: number[] = [];
  for (const [method, target, body] of asked) {
    const told = await proxy.ask(method, target, body);
    const isChange = method === 'PUT' || method === 'DELETE';
    // What changed nothing the main instance answers the same.
    if (!isChange) expect(told.text).toBe((await main.ask(method, target, body)).text);
    expect(told.headers.get('content-type')).toContain('application/json');
    statuses.push(told.status);
  }
  expect(statuses).toEqual([201, 200, 400, 200, 200, 404, 200, 200, 405, 200, 405, 405, 400]);
  expect((await proxy.ask('POST', '/hello')).headers.get('allow')).toBe('GET, HEAD');
  await main.kill();
  expect(await proxy.ask('GET', '/kvs/a')).toMatchObject(unreachable);
});
