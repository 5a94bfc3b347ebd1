import { fastify } from 'fastify';
import { keyHeader } from 'holdfast/std';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addKeyRoutes } from './replica/key-routes.ts';
import { addPlainRoutes } from './replica/plain-routes.ts';
import { addViewRoutes } from './replica/view-routes.ts';
import { Cluster, until } from './testing/cluster.ts';
import { documented, problemsOf, routes } from './testing/contract.ts';
import { Instance, type Told } from './testing/instance.ts';
import { limits } from './testing/limits.ts';
import { freePort } from './testing/ports.ts';

/** The OpenAPI document against replicas that run. */

const key = 'a-key-that-only-this-test-uses';

let cluster: Cluster;
let at: Instance;
const seen = new Set<string>();

beforeAll(async () => {
  cluster = await Cluster.start(3, { CLUSTER_KEY: key });
  at = cluster.at(0);
}, limits.testMs);

afterAll(() => cluster?.stop());

async function ask(
  route: string,
  target: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Told> {
  const told = await at.ask(route.split(' ')[0] as string, target, body, {
    [keyHeader]: key,
    ...headers,
  });
  expect(problemsOf(route, told.status, told.body)).toEqual([]);
  seen.add(`${route} ${told.status}`);
  return told;
}

/** What takes a state that a request alone does not bring about, or too long to bring about here. */
const elsewhere = [
  // Starting and draining: the tests of services.
  'GET /ready 503',
  // Too much on its way to the disk.
  'PUT /view 503',
  'DELETE /view 503',
  // The same as for PUT.
  'DELETE /view 504',
  'DELETE /kvs/{key} 504',
  // 256 members.
  'PUT /view 409',
];

it('every documented answer is given, and has the documented shape', {
  timeout: limits.testMs,
}, async () => {
  const forged = { 'causal-metadata': 'forged' };
  const large = { value: 'x'.repeat(1024 * 1024) };
  for (const path of ['/hello', '/test', '/health', '/ready']) await ask(`GET ${path}`, path);
  await ask('POST /hello/{name}', '/hello/Ada');
  await ask('POST /test', '/test?msg=a');
  await ask('POST /test', '/test');

  const route = '/kvs/{key}';
  await ask(`PUT ${route}`, '/kvs/a', { value: { any: [1, null] } });
  await ask(`PUT ${route}`, '/kvs/a', { value: 1 });
  await ask(`GET ${route}`, '/kvs/a');
  await ask(`GET ${route}`, '/kvs/none');
  await ask('GET /kvs', '/kvs?prefix=a&limit=1');
  await ask('GET /kvs', '/kvs?limit=0');
  await ask(`DELETE ${route}`, '/kvs/a');
  await ask(`DELETE ${route}`, '/kvs/a');
  for (const method of ['GET', 'PUT', 'DELETE']) {
    await ask(`${method} ${route}`, `/kvs/${'k'.repeat(51)}`, { value: 1 });
    await ask(`${method} ${route}`, '/kvs/a', { value: 1, ...forged });
  }
  await ask('GET /kvs', '/kvs', forged);

  const member = { 'socket-address': '127.0.0.1:1' };
  await ask('GET /view', '/view');
  await ask('PUT /view', '/view', member);
  await ask('PUT /view', '/view', member);
  await ask('DELETE /view', '/view', member);
  await ask('DELETE /view', '/view', member);
  for (const method of ['PUT', 'DELETE']) {
    await ask(`${method} /view`, '/view', {});
    await ask(`${method} /view`, '/view', member, { [keyHeader]: 'another' });
  }
  for (const each of routes()) {
    const target = (each.split(' ')[1] as string).replace(/\{\w+\}/, 'a');
    expect((await ask(each, target, large)).status).toBe(413);
    await ask(each, target, 'no JSON');
  }
  await aloneThereIsNoView();
  await cutOff();
  await fullDisk();
  expect(documented().filter((each) => !seen.has(each) && !elsewhere.includes(each))).toEqual([]);
});

async function aloneThereIsNoView(): Promise<void> {
  const replica = at;
  at = await new Instance(await freePort(), { CLUSTER_KEY: key }).start();
  try {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      expect((await ask(`${method} /view`, '/view')).status).toBe(404);
    }
  } finally {
    await at.kill();
    at = replica;
  }
}

/** Copies that nobody confirms. */
async function cutOff(): Promise<void> {
  for (const other of cluster.replicas.slice(1)) await other.kill();
  await ask('PUT /kvs/{key}', '/kvs/copies', { value: 1, copies: 3 });
  await ask('DELETE /kvs/{key}', '/kvs/copies', { copies: 3 });
}

async function fullDisk(): Promise<void> {
  const member = { 'socket-address': '127.0.0.1:2' };
  await ask('PUT /view', '/view', member);
  await at.ask('PUT', '/kvs/full', { value: 1 });
  const faults = async (method: string, fault?: unknown): Promise<void> => {
    const { status } = await at.ask(method, '/_holdfast/faults', fault, { [keyHeader]: key });
    expect(status).toBeLessThan(300);
  };
  // Whoever finds the disk full is answered all the same.
  await faults('POST', { kind: 'disk', full: true });
  expect((await ask('PUT /view', '/view', { 'socket-address': '127.0.0.1:4' })).status).toBe(504);
  await faults('DELETE');
  await until(
    async () => (await at.ask('PUT', '/kvs/full', { value: 1 })).status < 300,
    'it has room again',
  );
  await faults('POST', { kind: 'disk', full: true });
  expect((await ask('PUT /kvs/{key}', '/kvs/late', { value: 1 })).status).toBe(504);
  await until(
    async () => (await ask('PUT /kvs/{key}', '/kvs/full', { value: 1 })).status === 507,
    'it is full',
  );
  await ask('DELETE /kvs/{key}', '/kvs/full');
  await ask('DELETE /view', '/view', member);
  await ask('PUT /view', '/view', { 'socket-address': '127.0.0.1:3' });
}

it('every route that there is is documented', async () => {
  const app = fastify({ exposeHeadRoutes: false });
  const found = ['GET /health', 'GET /ready'];
  app.addHook('onRoute', ({ method, url }) => {
    found.push(`${method} ${url.replace(/:(\w+)/g, '{$1}')}`);
  });
  const untouched = {} as never;
  addKeyRoutes(app, untouched, { isReplicated: true } as never);
  addViewRoutes(app, untouched, { requireKey: (_request, _reply, done) => done() });
  addPlainRoutes(app);
  await app.ready();
  expect(routes().toSorted()).toEqual(found.toSorted());
});
