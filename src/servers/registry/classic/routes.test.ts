import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Variables } from '../../../service/index.ts';
import { host, type RegistryUnderTest } from '../testing/registry-under-test.ts';
import { listed, ProbedServer, register, startRegistry } from './testing/classic-under-test.ts';

let registry: RegistryUnderTest;
let server: ProbedServer;
const withKey = { 'x-holdfast-key': 'k3y' };

beforeEach(async () => {
  server = await ProbedServer.start();
});

afterEach(async () => {
  await registry.stop();
  await server.die();
});

const start = async (env: Variables): Promise<void> => {
  registry = await startRegistry(env);
};

const isEmpty = async (): Promise<void> => {
  expect((await registry.ask('GET', '/v1/services')).body).toMatchObject({ revision: 0, services: {} });
};

describe('POST /register in the lab', () => {
  beforeEach(() => start({ AUTH: 'lab', REGISTER_ALLOW: '10.9.0.0/16, chat.example' }));

  it('lists an instance at once, and answers as the contract has it', async () => {
    expect(await register(registry, { host: server.host, type: 'authenService' })).toEqual({
      status: 200,
      body: { message: `Service registered: ${server.host} as authenService` },
    });
    expect(await listed(registry, 'authen')).toEqual([
      {
        id: `authen@${server.host}`,
        incarnation: expect.stringMatching(/^[0-9a-z]{9}-[0-9a-f]{8}$/),
        host: '127.0.0.1',
        port: server.port,
        state: 'ready',
        weight: 1,
        metadata: { probed: '/utilities/status' },
      },
    ]);
    await vi.waitFor(() => expect(server.requests.length).toBeGreaterThan(0));
    expect(server.requests[0]).toMatchObject({ method: 'GET', url: '/utilities/status' });
    expect(server.requests[0]?.headers).not.toHaveProperty('x-holdfast-key');
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=x'])(
    'reads the body as JSON when it is said to be %s',
    async (type) => {
      const body = { host: server.host, type: 'chat', more: 1 };
      expect((await register(registry, body, { 'content-type': type })).status).toBe(200);
      expect(await listed(registry, 'chat')).toHaveLength(1);
    },
  );

  it('takes nothing from a web page', async () => {
    for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:8500']) {
      const answer = await register(registry, { host: server.host, type: 'authen' }, { origin });
      expect(answer).toEqual({ status: 401, body: { detail: expect.stringMatching(/web page/) } });
    }
    await isEmpty();
  });

  it('takes the same again as a fresh start of one instance', async () => {
    await register(registry, { host: server.host, type: 'authen' });
    const [before] = await listed(registry, 'authen');
    const same = `127.1:${server.port}`;
    expect((await register(registry, { host: same, type: 'AUTHEN' })).body).toEqual({
      message: `Service registered: ${same} as AUTHEN`,
    });
    const after = await listed(registry, 'authen');
    expect(after).toHaveLength(1);
    expect(after[0].id).toBe(before.id);
    expect(after[0].incarnation).not.toBe(before.incarnation);
  });

  it('takes many at the same time', async () => {
    const ports = Array.from({ length: 60 }, (_, index) => 20_001 + index);
    const answers = await Promise.all(
      ports.map((port) => register(registry, { host: `127.0.0.1:${port}`, type: 'kvs' })),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(await listed(registry, 'kvs')).toHaveLength(60);
  });

  it.each([
    ['no body', undefined],
    ['null', 'null'],
    ['a list', []],
    ['no type', { host: '127.0.0.1' }],
    ['no host', { type: 'authen' }],
    ['an empty host', { host: '', type: 'authen' }],
    ['a number', { host: 8200, type: 'authen' }],
  ])('says what is required: %s', async (_, body) => {
    const detail = 'Host and service type are required.';
    expect(await register(registry, body)).toEqual({ status: 400, body: { detail } });
    await isEmpty();
  });

  it.each([
    ['no JSON', '{', 400, /^The body is no JSON: /],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]).toString('latin1'), 400, /Host and service type|no JSON/],
    ['a prototype', '{"__proto__":{"host":"127.0.0.1","type":"a"}}', 400, /key that is not accepted/],
    ['a huge body', JSON.stringify({ host: 'x'.repeat(20_000), type: 'a' }), 413, /16384 bytes/],
    [
      'a huge host',
      { host: 'x'.repeat(10_000), type: 'a' },
      400,
      /^The host "x{80}\.\.\." is not possible/,
    ],
    ['no host name', { host: 'http://127.0.0.1:8200', type: 'a' }, 400, /^The host .* is not possible/],
    ['no service', { host: '127.0.0.1', type: '../a' }, 400, /^The service type .* is not possible/],
    ['nobody', { host: '0.0.0.0:80', type: 'a' }, 400, /every address of a machine/],
  ])('says what is wrong: %s', async (_, body, status, text) => {
    expect(await register(registry, body)).toEqual({
      status,
      body: { detail: expect.stringMatching(text) },
    });
    await isEmpty();
  });

  it.each([
    '169.254.169.254',
    '169.254.169.254:80',
    '[fd00:ec2::254]:80',
    '[::ffff:169.254.169.254]',
    '2852039166',
    '0xa9fea9fe',
    'metadata.google.internal',
    '10.8.0.1',
    '192.168.1.1:8200',
    'localhost.example',
    '127.0.0.1.example',
  ])('refuses %s: it is neither of this machine nor on the list', async (name) => {
    const detail = expect.stringMatching(
      /^Without the cluster key only hosts of this machine .*REGISTER_ALLOW/,
    );
    expect(await register(registry, { host: name, type: 'authen' })).toEqual({
      status: 401,
      body: { detail },
    });
    await isEmpty();
  });

  it.each(['10.9.1.1:8200', 'Chat.Example', '[::1]:9', 'localhost:9', '127.9.9.9:9'])(
    'lets %s in',
    async (name) => {
      expect((await register(registry, { host: name, type: 'authen' })).status).toBe(200);
    },
  );

  it('warns loudly, and says that nothing outlives it', async () => {
    const log = registry.logged.join('');
    expect(log).toMatch(/WARN .*AUTH=lab: EVERYBODY .*passwords/);
    expect(log).toMatch(/INFO "?classic registrations are lost with a restart"? set=HOLDFAST_DATA/);
  });

  it('is a POST', async () => {
    expect((await registry.ask('GET', '/register')).status).toBe(405);
  });
});

describe('POST /register outside the lab', () => {
  it('needs the cluster key, in the form of its row, and then takes any host', async () => {
    await start({ CLUSTER_KEY: 'k3y', REGISTER_ALLOW: '127.0.0.1' });
    const body = { host: server.host, type: 'authen' };
    for (const headers of [{}, { 'x-holdfast-key': 'wrong' }, { 'x-holdfast-key': '' }]) {
      expect(await register(registry, body, headers as Record<string, string>)).toEqual({
        status: 401,
        body: { detail: 'Registering needs the cluster key in the header x-holdfast-key.' },
      });
    }
    expect((await register(registry, 'no JSON')).status).toBe(401);
    await isEmpty();
    expect((await register(registry, body, withKey)).status).toBe(200);
    expect((await register(registry, { host: '192.0.2.1', type: 'authen' }, withKey)).status).toBe(200);
    expect(await listed(registry, 'authen')).toHaveLength(2);
    expect((await register(registry, { host: '' }, withKey)).body).toEqual({
      detail: 'Host and service type are required.',
    });
    const log = registry.logged.join('');
    expect(log).not.toContain('k3y');
    expect(log).not.toContain('AUTH=lab');
  });

  it('is open to nobody without a key', async () => {
    await start({ REGISTER_ALLOW: '127.0.0.1' });
    for (const headers of [{}, withKey]) {
      const answer = await register(registry, { host: server.host, type: 'authen' }, headers as never);
      expect(answer).toEqual({
        status: 401,
        body: { detail: expect.stringMatching(/with CLUSTER_KEY, or, in/) },
      });
    }
    await isEmpty();
  });
});

describe('the key in the lab', () => {
  it('opens what the list does not', async () => {
    await start({ AUTH: 'lab', CLUSTER_KEY: 'k3y' });
    const body = { host: '192.0.2.1', type: 'authen' };
    expect((await register(registry, body)).status).toBe(401);
    expect((await register(registry, body, { 'x-holdfast-key': 'wrong' })).status).toBe(401);
    expect((await register(registry, body, withKey)).status).toBe(200);
    expect((await register(registry, { host: server.host, type: 'authen' })).status).toBe(200);
  });
});

describe('a registry that would be unsafe', () => {
  beforeEach(() => start({}));

  it.each([
    [
      { AUTH: 'lab', HOST: '0.0.0.0' },
      /^AUTH=lab is for this machine alone, and HOST=0\.0\.0\.0 lets others in/,
    ],
    [{ AUTH: 'laboratory' }, /^AUTH must be lab, or not be set/],
    [{ REGISTER_ALLOW: '10.0.0.0/99' }, /^REGISTER_ALLOW must be hosts/],
  ])('does not start: %j', async (env, text) => {
    await expect(startRegistry(env)).rejects.toThrow(text);
  });
});

describe('a full disk', () => {
  it('refuses the registration with 507, and nothing is half done', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-classic-'));
    try {
      await start({ AUTH: 'lab', HOLDFAST_DATA: folder });
      await register(registry, { host: server.host, type: 'authen' });
      const before = await listed(registry, 'authen');
      host.faults.inject({ kind: 'disk', full: true });
      const detail = 'There is no room to store the registration: nothing has changed.';
      for (const type of ['chat', 'authen']) {
        expect(await register(registry, { host: server.host, type })).toEqual({
          status: 507,
          body: { detail },
        });
      }
      expect(await listed(registry, 'chat')).toEqual([]);
      expect(await listed(registry, 'authen')).toEqual(before);
      // Nor is a removal that could not be kept.
      const path = `/v1/services/authen/instances/${before[0].id}?incarnation=${before[0].incarnation}`;
      expect((await registry.ask('DELETE', path)).status).toBe(503);
      expect(await listed(registry, 'authen')).toEqual(before);
      host.faults.healAll();
      expect((await register(registry, { host: server.host, type: 'chat' })).status).toBe(200);
      expect((await registry.ask('DELETE', path)).body).toMatchObject({ removed: true });
    } finally {
      host.faults.healAll();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('the bound', () => {
  it('is 1000 instances: one more is refused with 429, one of them may register again', async () => {
    await start({ CLUSTER_KEY: 'k3y' });
    const one = (index: number) =>
      register(registry, { host: `127.0.0.1:${10_000 + index}`, type: 'many' }, withKey);
    for (let index = 0; index < 1000; index += 50) {
      const answers = await Promise.all(Array.from({ length: 50 }, (_, offset) => one(index + offset)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    expect(await one(1000)).toEqual({
      status: 429,
      body: { detail: '1000 instances are registered in this form, and no more are possible.' },
    });
    expect((await one(0)).status).toBe(200);
  });
});
