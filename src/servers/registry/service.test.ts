import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RegistryUnderTest } from './testing/registry-under-test.ts';

let registry: RegistryUnderTest;

beforeEach(async () => {
  registry = await RegistryUnderTest.start({ warmingMs: 0 });
  await vi.waitFor(async () =>
    expect((await registry.ask('GET', '/v1/services')).body.warming).toBe(false),
  );
});

afterEach(async () => {
  expect((await registry.ask('GET', '/health')).body).toEqual({ status: 'ok' });
  expect(registry.logged.join('')).not.toMatch(/ERROR|FATAL/);
  await registry.stop();
});

const instance = (id: string, more = {}) => ({
  id,
  incarnation: 'i1',
  host: '127.0.0.1',
  port: 8080,
  state: 'ready',
  weight: 1,
  ...more,
});

function expectError(
  answer: { status: number; body: unknown },
  status: number,
  code: string,
  text: RegExp,
) {
  const message = expect.stringMatching(text);
  expect(answer).toEqual({ status, body: { error: { code, message } } });
}

describe('the registry', () => {
  it('says that it runs', async () => {
    expect(await registry.ask('GET', '/status')).toEqual({
      status: 200,
      body: { message: `Service discovery running at http://127.0.0.1:${registry.port} is alive!` },
    });
  });

  it('registers, renews without a revision, changes, lists and removes', async () => {
    expect(await registry.put('a-1')).toEqual({ status: 200, body: { revision: 1, leaseMs: 6000 } });
    expect((await registry.put('a-1')).body).toEqual({ revision: 1, leaseMs: 6000 });
    expect((await registry.put('a-1', { state: 'draining', leaseMs: 1000 })).body).toEqual({
      revision: 2,
      leaseMs: 1000,
    });
    await registry.put('b-1', { weight: 0.5, zone: 'z', metadata: { v: '1' } }, 'b');
    const b1 = instance('b-1', { weight: 0.5, zone: 'z', metadata: { v: '1' } });
    expect((await registry.ask('GET', '/v1/services')).body).toEqual({
      revision: 3,
      warming: false,
      services: { a: [instance('a-1', { state: 'draining' })], b: [b1] },
    });
    expect((await registry.ask('GET', '/v1/services/b')).body).toEqual({
      revision: 3,
      warming: false,
      instances: [b1],
    });
    expect((await registry.remove('b-1', 'i0', 'b')).body).toEqual({ removed: false, revision: 3 });
    expect((await registry.remove('b-1', 'i1', 'b')).body).toEqual({ removed: true, revision: 4 });
    expect((await registry.ask('GET', '/v1/services/b')).body.instances).toEqual([]);
  });

  it('lists services of any name', async () => {
    await registry.put('c-1', {}, 'constructor');
    expect(await registry.ask('GET', '/v1/services')).toEqual({
      status: 200,
      body: { revision: 1, warming: false, services: { constructor: [instance('c-1')] } },
    });
  });

  it('refuses an instance that is longer than its bound, and takes the longest in plain text', async () => {
    const entries = (character: string) =>
      Object.fromEntries(
        Array.from({ length: 32 }, (_, n) => [`${n}`.padEnd(64, 'k'), character.repeat(200)]),
      );
    const answer = await registry.put('a-1', { metadata: entries('é') });
    expectError(answer, 429, 'resource_exhausted', /over 12288 bytes/);
    expect((await registry.ask('GET', '/v1/services')).body).toMatchObject({ revision: 0, services: {} });
    expect((await registry.put('a-1', { metadata: entries('x') })).status).toBe(200);
  });

  it('drops an instance that is not renewed', async () => {
    await registry.put('a-1', { leaseMs: 1000 });
    await vi.waitFor(
      async () => expect((await registry.ask('GET', '/v1/services/a')).body.instances).toEqual([]),
      { timeout: 3000 },
    );
  });

  it('refuses incarnations that were superseded or removed', async () => {
    await registry.put('a-1');
    await registry.put('a-1', { incarnation: 'i2', port: 9090 });
    expectError(await registry.put('a-1'), 409, 'already_exists', /later process, at 127\.0\.0\.1:9090/);
    await registry.remove('a-1', 'i2');
    expectError(await registry.put('a-1', { incarnation: 'i2' }), 409, 'already_exists', /was removed/);
  });

  it.each([
    ['no body', 'PUT', '/v1/services/a/instances/a-1', undefined, /The body is no instance: /],
    ['no JSON', 'PUT', '/v1/services/a/instances/a-1', '{', /The body is no JSON/],
    ['an array', 'PUT', '/v1/services/a/instances/a-1', [], /expected object/],
    ['a port of 0', 'PUT', '/v1/services/a/instances/a-1', instance('', { port: 0 }), /port: /],
    ['a state unknown', 'PUT', '/v1/services/a/instances/a-1', instance('', { state: 'up' }), /state: /],
    [
      'a service in capitals',
      'PUT',
      '/v1/services/A/instances/a-1',
      instance(''),
      /service name "A" .*lower-case/,
    ],
    ['a service name too long', 'GET', `/v1/services/${'a'.repeat(64)}`, undefined, /service name "aaa/],
    ['an id with a space', 'PUT', '/v1/services/a/instances/a%201', instance(''), /instance id "a 1"/],
    ['an id too long', 'PUT', `/v1/services/a/instances/${'i'.repeat(129)}`, instance(''), /instance id/],
    ['no incarnation to remove', 'DELETE', '/v1/services/a/instances/a-1', undefined, /\?incarnation=/],
    ['a watch of no service', 'GET', '/v1/watch?service=', undefined, /service name ""/],
    [
      'a watch of two services',
      'GET',
      '/v1/watch?service=a&service=b',
      undefined,
      /service name \["a","b"\]/,
    ],
  ])('says what is wrong: %s', async (_, method, path, body, text) => {
    expectError(await registry.ask(method, path, body), 400, 'invalid_argument', text);
    expect((await registry.ask('GET', '/v1/services')).body).toMatchObject({ revision: 0, services: {} });
  });

  it('refuses a body over its bound', async () => {
    const answer = await registry.put('a-1', { metadata: { k: 'x'.repeat(20_000) } });
    expectError(answer, 413, 'out_of_range', /16384 bytes/);
  });

  it('knows what it does not have', async () => {
    expectError(await registry.ask('GET', '/nothing'), 404, 'not_found', /nothing at GET \/nothing/);
    expectError(await registry.ask('POST', '/v1/services'), 405, 'unimplemented', /only GET/);
  });

  it('says how many leases are held back, and for how long', async () => {
    await Promise.all(['a-1', 'a-2', 'a-3', 'a-4'].map((id) => registry.put(id, { leaseMs: 1000 })));
    const held = async () => (await registry.ask('GET', '/v1/services')).body.held;
    await vi.waitFor(
      async () => expect(await held()).toEqual({ silent: 4, total: 4, remainingMs: expect.any(Number) }),
      { timeout: 15_000, interval: 10 },
    );
  });
});

describe('the cluster key', () => {
  const body = { incarnation: 'i1', host: '127.0.0.1', port: 8080, state: 'ready' };
  const path = '/v1/services/a/instances/a-1';

  it('is needed for every write, and nothing changes without it', async () => {
    const locked = await RegistryUnderTest.start({ key: 'secret' });
    try {
      for (const headers of [{}, { 'x-holdfast-key': 'wrong' }]) {
        expectError(await locked.ask('PUT', path, body, headers), 401, 'unauthenticated', /x-holdfast-key/);
      }
      const withKey = { 'x-holdfast-key': 'secret' };
      expect((await locked.ask('PUT', path, body, withKey)).status).toBe(200);
      expectError(await locked.ask('DELETE', `${path}?incarnation=i1`), 401, 'unauthenticated', /key/);
      expect((await locked.ask('GET', '/v1/services')).body.services.a).toHaveLength(1);
      expect((await locked.ask('DELETE', `${path}?incarnation=i1`, undefined, withKey)).body.removed).toBe(
        true,
      );
      expect(locked.logged.join('')).not.toContain('secret');
    } finally {
      await locked.stop();
    }
  });
});
