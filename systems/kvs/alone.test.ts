import { access, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './testing/cluster.ts';
import { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';
import { freePort } from './testing/ports.ts';

/** What one store by itself answers, and the plain routes beside it. */

let folder: string;
let kvs: Instance;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-'));
  kvs = await new Instance(await freePort(), { DATA_DIR: folder }).start();
}, limits.testMs);

afterAll(async () => {
  await kvs?.kill();
  await rm(folder, { recursive: true, force: true });
});

describe('the plain service', () => {
  it.each([
    ['GET', '/hello', 200, { message: 'world' }],
    ['POST', '/hello/Ada', 200, { message: 'Hi, Ada.' }],
    ['POST', '/hello/J%C3%BCrgen%20%22J%22', 200, { message: 'Hi, Jürgen "J".' }],
    ['GET', '/test', 200, { message: 'test is successful' }],
    ['POST', '/test?msg=a%20b&other=1', 200, { message: 'a b' }],
  ])('%s %s: %i', async (method, target, status, body) => {
    expect(await kvs.ask(method, target)).toMatchObject({ status, body });
    expect((await kvs.ask(method, target, 'no JSON')).status).toBe(status);
  });

  it.each([
    ['POST', '/hello', 405],
    ['GET', '/hello/Ada', 405],
    ['POST', '/test', 400],
    ['POST', '/test?msg=', 400],
    ['GET', '/nothing', 404],
    ['PUT', '/test', 405],
  ])('%s %s: %i', async (method, target, status) => {
    const told = await kvs.ask(method, target);
    expect(told.status).toBe(status);
    expect(told.body.error).toMatch(/\w/);
  });
});

describe('a key', () => {
  it('is created, replaced, found and deleted; no answer has metadata', async () => {
    const told = [
      await kvs.ask('PUT', '/kvs/a', { value: 1 }),
      await kvs.ask('GET', '/kvs/a'),
      await kvs.ask('PUT', '/kvs/a', { value: { n: [1, 'two'] }, 'causal-metadata': 'ignored here' }),
      await kvs.ask('GET', '/kvs/a', { 'causal-metadata': 'ignored here' }),
      await kvs.ask('DELETE', '/kvs/a'),
      await kvs.ask('DELETE', '/kvs/a'),
      await kvs.ask('GET', '/kvs/a'),
    ];
    expect(told.map(({ status, text }) => [status, text])).toEqual([
      [201, '{"result":"created"}'],
      [200, '{"result":"found","value":1}'],
      [200, '{"result":"replaced"}'],
      [200, '{"result":"found","value":{"n":[1,"two"]}}'],
      [200, '{"result":"deleted"}'],
      [404, '{"error":"Key does not exist"}'],
      [404, '{"error":"Key does not exist"}'],
    ]);
  });

  it.each([
    'slash/inside',
    'Schlüssel',
    '😀'.repeat(50),
    'a b?c#d%e&f+g;h',
    '%2F',
    '__proto__',
    'constructor',
    ' ',
    '\u0000',
    'k'.repeat(50),
  ])('%j is a key like any other', async (key) => {
    const target = `/kvs/${encodeURIComponent(key)}`;
    expect((await kvs.ask('PUT', target, { value: key })).status).toBe(201);
    expect((await kvs.ask('GET', target)).body).toEqual({ result: 'found', value: key });
    expect((await kvs.ask('GET', '/kvs?limit=1000')).body.keys).toContain(key);
    expect((await kvs.ask('DELETE', target)).status).toBe(200);
  });

  it.each([
    ['k'.repeat(51), 'of 51 characters'],
    ['😀'.repeat(51), 'of 51 characters of two units'],
    ['k'.repeat(8_000), 'of thousands'],
    ['ü'.repeat(8_000), 'of thousands that are encoded'],
  ])('%# is too long', async (key) => {
    const target = `/kvs/${encodeURIComponent(key)}`;
    for (const [method, body] of [['PUT', { value: 1 }], ['PUT', {}], ['GET'], ['DELETE']] as const) {
      expect(await kvs.ask(method, target, body)).toMatchObject({
        status: 400,
        text: '{"error":"Key is too long"}',
      });
    }
  });

  it.each(['/kvs/%ff', '/kvs/%', '/kvs/%zz', '/kvs/%c3%28', '/kvs/'])('%s is none', async (target) => {
    const told = await kvs.ask('PUT', target, { value: 1 });
    expect(told.status).toBe(400);
    expect(told.body.error).toMatch(/\w/);
  });
});

describe('a value', () => {
  it.each([
    'null',
    'true',
    '0',
    '-0.0',
    '12345678901234567890.0123456789',
    '1e400',
    '""',
    '"\\ud800"',
    '"line\\nbreak \u2028 😀"',
    '{"__proto__":{"a":1},"constructor":{"prototype":1},"a":1,"a":2}',
    '{ "spaces" : [ 1 , 2 ] }',
    '['.repeat(1_000) + ']'.repeat(1_000),
  ])('%s comes back as it was', async (value) => {
    const put = await kvs.ask('PUT', '/kvs/value', `{"value":${value}}`);
    expect([200, 201]).toContain(put.status);
    expect((await kvs.ask('GET', '/kvs/value')).text).toBe(`{"result":"found","value":${value}}`);
  });

  it('of half a million nested lists ends nothing', async () => {
    const value = '['.repeat(500_000) + ']'.repeat(500_000);
    expect((await kvs.ask('PUT', '/kvs/deep', `{"value":${value}}`)).status).toBe(201);
    expect((await kvs.ask('DELETE', '/kvs/deep')).status).toBe(200);
  });

  it('of nearly 1 MiB is stored; a larger body is refused and changes nothing', async () => {
    const large = 'x'.repeat(1024 * 1024 - 12);
    expect((await kvs.ask('PUT', '/kvs/large', { value: large })).status).toBe(201);
    expect((await kvs.ask('GET', '/kvs/large')).body.value).toBe(large);
    const told = await kvs.ask('PUT', '/kvs/large', { value: `${large}y` });
    expect(told.status).toBe(413);
    expect(told.body.error).toMatch(/too large/);
    expect((await kvs.ask('GET', '/kvs/large')).body.value).toBe(large);
  });

  it.each([undefined, '{}', '{"valu":1}', '{"x":{"value":1}}'])('is missing in %s', async (body) => {
    expect(await kvs.ask('PUT', '/kvs/missing', body)).toMatchObject({
      status: 400,
      text: '{"error":"PUT request does not specify a value"}',
    });
  });

  it.each([
    '{"value":1',
    'value',
    '[]',
    '1',
    'null',
    '"text"',
    '{"value":1}}',
    '\ufeff{"value":1}',
    Buffer.from([0x7b, 0xff, 0x7d]),
  ])('cannot come in %s', async (body) => {
    // Also for a key that is too long: the body comes first.
    for (const key of ['refused', 'k'.repeat(60)]) {
      const told = await kvs.ask('PUT', `/kvs/${key}`, body);
      expect(told.status).toBe(400);
      expect(told.body.error).toMatch(/^The body /);
    }
    expect((await kvs.ask('GET', '/kvs/refused')).status).toBe(404);
  });
});

it('there is no view, and no more than one copy', async () => {
  expect((await kvs.ask('GET', '/view')).status).toBe(404);
  expect((await kvs.ask('PUT', '/kvs/c', { value: 1, copies: 2 })).status).toBe(400);
  expect((await kvs.ask('PUT', '/kvs/c', { value: 1, copies: 1 })).status).toBe(201);
});

it('a full disk refuses writes, with Retry-After, and reads go on; with room writes do too', {
  timeout: limits.testMs,
}, async () => {
  await kvs.ask('PUT', '/kvs/before', { value: 1 });
  await kvs.inject({ kind: 'disk', full: true });
  try {
    // Those on their way when the disk is found full are answered that nobody knows; later ones that it is.
    let told = await kvs.ask('PUT', '/kvs/full', { value: 0 });
    expect(told).toMatchObject({ status: 504, body: { error: expect.stringMatching(/not known/) } });
    await until(async () => {
      told = await kvs.ask('PUT', '/kvs/full', { value: 1 });
      return told.status === 507;
    }, 'it is refused');
    expect(told.body.error).toMatch(/^The disk is full: nothing was changed/);
    expect(Number(told.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await kvs.ask('GET', '/kvs/before')).body.value).toBe(1);
  } finally {
    await kvs.heal();
  }
  const write = async (): Promise<boolean> =>
    (await kvs.ask('PUT', '/kvs/after', { value: 1 })).status < 300;
  await until(write, 'writes are taken again');
});

it(
  'everything is there after kill -9',
  async () => {
    for (let count = 0; count < 20; count++) await kvs.ask('PUT', `/kvs/durable${count}`, { value: count });
    await kvs.kill();
    await kvs.start();
    for (let count = 0; count < 20; count++) {
      expect((await kvs.ask('GET', `/kvs/durable${count}`)).body.value).toBe(count);
    }
  },
  limits.testMs,
);

it(
  'a second instance on the same folder is refused with one sentence',
  async () => {
    const second = new Instance(await freePort(), { DATA_DIR: folder }).spawn();
    expect(await second.ended()).toBe(1);
    expect(second.lines).toHaveLength(1);
  },
  limits.testMs,
);

it('a port that is taken is said in one line, and nothing was opened or written', {
  timeout: limits.testMs,
}, async () => {
  const data = path.join(folder, 'never');
  const second = new Instance(kvs.port, { DATA_DIR: data }).spawn();
  expect(await second.ended()).toBe(1);
  expect(second.lines).toEqual([expect.stringMatching(/ ERROR .*Port \d+ is already in use/)]);
  await expect(access(data)).rejects.toThrow('ENOENT');
});
