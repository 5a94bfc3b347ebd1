import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Cluster, get, metadataOf, put, until } from '../testing/cluster.ts';
import type { Instance } from '../testing/instance.ts';
import { sayRaw } from './testing/raw.ts';
import { newId } from './testing/rogue-peer.ts';
import { hugeNumber, id, join, u8, varint, vector } from './testing/wire.ts';

/** What strangers may send to the port of a replica: refused, each for itself, and nothing else happens. */

let cluster: Cluster;
let replica: Instance;
let other: Instance;

beforeAll(async () => {
  cluster = await Cluster.start(2);
  [replica, other] = cluster.replicas as [Instance, Instance];
}, 120_000);

afterAll(() => cluster?.stop());

/** A wait for what is not there takes 50 ms; on a busy machine the answer some more. */
const refusedMs = 5_000;

/** What no other client notices. */
async function expectWell(): Promise<void> {
  const key = `well-${newId()}`;
  const written = await put(replica, key, key);
  expect(written.status).toBe(201);
  const arrives = async () => (await get(other, key, metadataOf(written))).body.value === key;
  await until(arrives, 'what is written arrives');
  for (const each of cluster.replicas)
    expect(each.lines.join('\n')).not.toMatch(/FATAL|ERROR.*(stack|assert)/);
}

function token(...dots: readonly (readonly [string, number])[]): string {
  return join(u8(1), varint(1), varint(0), vector(dots)).toString('base64url');
}

async function strangeTokens(): Promise<readonly unknown[]> {
  const own = metadataOf(await put(replica, 'own', 1)) as string;
  const ownOrigin = Buffer.from(own, 'base64url').toString('hex').slice(8, 24);
  const many = Array.from({ length: 5_000 }, () => [newId(), 1] as const);
  return [
    token([newId(), 1]),
    token([newId(), hugeNumber]),
    token([ownOrigin, hugeNumber]),
    token([ownOrigin, 1], [ownOrigin, 2]),
    token(...many),
    token(...many.slice(0, 4_000)),
    join(u8(1), varint(1), varint(7), vector([[ownOrigin, 1]])).toString('base64url'),
    join(u8(1), varint(1), varint(0), varint(hugeNumber), id(ownOrigin)).toString('base64url'),
    own.slice(0, -3),
    `${own}AAAA`,
    `${own}=`,
    'A'.repeat(200_000),
    '{}',
    '\u0000',
    '🙈',
    17,
    -1.5,
    true,
    [own],
    { own },
    { __proto__: own },
  ];
}

describe('metadata that no replica has given', () => {
  it('is answered with 503 within its time, for reads and writes, and changes nothing', async () => {
    for (const strange of await strangeTokens()) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        const startedMs = performance.now();
        const told = await replica.ask(method, '/kvs/own', { value: 'forged', 'causal-metadata': strange });
        expect([told.status, JSON.stringify(strange).slice(0, 50)]).toEqual([503, expect.anything()]);
        expect(told.headers.get('retry-after')).not.toBeNull();
        expect(performance.now() - startedMs).toBeLessThan(refusedMs);
      }
    }
    expect((await get(replica, 'own')).body.value).toBe(1);
    await expectWell();
  }, 60_000);
});

describe('keys', () => {
  it.each([
    ['50 characters', 'k'.repeat(50), 201],
    ['50 emoji', '🙈'.repeat(50), 201],
    ['51 characters', 'k'.repeat(51), 400],
    ['51 emoji', '🙈'.repeat(51), 400],
    ['3,000 characters', 'k'.repeat(3_000), 400],
    ['3,000 emoji', '🙈'.repeat(3_000), 400],
    ['slashes', 'a/b//c/', 201],
    ['dots', '...', 201],
    ['controls', '\u0000\r\n\u007f', 201],
    ['__proto__', '__proto__', 201],
    ['constructor', 'constructor', 201],
  ])('of %s', async (_, key, status) => {
    const path = `/kvs/${encodeURIComponent(key)}`;
    const told = await replica.ask('PUT', path, { value: key });
    expect(told.status).toBe(status);
    if (status === 400) expect(told.body.error).toBe('Key is too long');
    else expect((await replica.ask('GET', path)).body.value).toBe(key);
  });

  it.each(['/kvs/', '/kvs/%', '/kvs/%zz', '/kvs/%ff', '/kvs/%c3%28', '/kvs/%ed%a0%80'])(
    '%s is refused',
    async (path) => {
      for (const method of ['PUT', 'GET', 'DELETE']) {
        const told = await replica.ask(method, path, { value: 1 });
        expect([400, 404, 405]).toContain(told.status);
        expect(typeof told.body.error).toBe('string');
      }
    },
  );
});

describe('bodies', () => {
  const deep = 100_000;

  it.each<[string, string | Uint8Array, readonly number[]]>([
    ['1 MiB and 1 byte', `{"value":"${'x'.repeat(1024 * 1024 - 11)}"}`, [413]],
    ['an array 100,000 deep', `{"value":${'['.repeat(deep)}${']'.repeat(deep)}}`, [200, 201, 400]],
    ['an object 100,000 deep', `{"value":${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}}`, [200, 201, 400]],
    [
      'metadata 100,000 deep',
      `{"value":1,"causal-metadata":${'['.repeat(deep)}${']'.repeat(deep)}}`,
      [400, 503],
    ],
    ['100,000 brackets that never close', `{"value":${'['.repeat(deep)}`, [400]],
    ['a body 100,000 deep', `${'['.repeat(deep)}${']'.repeat(deep)}`, [400]],
    ['__proto__ for a value', '{"__proto__":{"value":1}}', [400]],
    ['a value __proto__', '{"value":{"__proto__":{"polluted":1},"constructor":1}}', [200, 201]],
    ['invalid UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), [400]],
    ['a byte order mark', '\ufeff{"value":1}', [400]],
    ['lone surrogates', '{"value":"\\ud800"}', [200, 201]],
    ['a number beyond all', '{"value":1e999999}', [200, 201, 400]],
    ['null', 'null', [400]],
    ['text', '"value"', [400]],
    ['NUL', '\u0000', [400]],
    ['two values', '{"value":1,"value":2}', [200, 201, 400]],
    ['copies 0', '{"value":1,"copies":0}', [400]],
    ['copies 1e300', '{"value":1,"copies":1e300}', [400]],
    ['copies of an object', '{"value":1,"copies":{}}', [400]],
  ])('of %s', async (_, body, statuses) => {
    const told = await replica.ask('PUT', '/kvs/body', body);
    expect(statuses).toContain(told.status);
    const read = await replica.ask('GET', '/kvs/body');
    expect([200, 404]).toContain(read.status);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it.each([
    1,
    null,
    [],
    {},
    true,
    '',
    'x',
    '1:2:3',
    '127.0.0.1:99999',
    `${'h'.repeat(300)}:80`,
    '__proto__',
  ])('a replica at %j is none', async (address) => {
    const before = await replica.ask('GET', '/view');
    for (const method of ['PUT', 'DELETE']) {
      const told = await replica.ask(method, '/view', { 'socket-address': address });
      expect(told.status).toBe(400);
    }
    expect((await replica.ask('GET', '/view')).text).toBe(before.text);
  });
});

describe('bytes that are no HTTP', () => {
  it.each<[string, string | Uint8Array]>([
    ['garbage', Buffer.from(Array.from({ length: 4_096 }, (_, at) => (at * 167 + 13) % 256))],
    ['nothing', ''],
    ['half a request', 'PUT /kvs/half HTTP/1.1\r\nContent-Length: 100\r\n\r\n{"value":'],
    ['two lengths', 'PUT /kvs/x HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n{}'],
    [
      'length and chunks',
      'PUT /kvs/x HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a bad chunk',
      'PUT /kvs/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n',
    ],
    ['100 kB of header', `GET /kvs/x HTTP/1.1\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`],
    ['a negative length', 'PUT /kvs/x HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a method of its own', 'BREW /kvs/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'],
    ['HTTP/9', 'GET /kvs/x HTTP/9.9\r\n\r\n'],
    ['the preface of HTTP/2, then garbage', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${'\u0001'.repeat(200)}`],
    ['the magic of links, then garbage', `HOLDLNK1${'\u00ff'.repeat(300)}`],
    ['half the magic', 'HOLDLN'],
    ['a link with a frame of 4 GB', join(Buffer.from('HOLDLNK1'), Buffer.alloc(12, 0xff))],
  ])('%s', async (_, bytes) => {
    const heard = await sayRaw(replica.port, bytes);
    expect(heard).not.toMatch(/^HTTP\/1.1 (2|50[0-4])/);
  });

  it('leave everybody else alone', () => expectWell(), 60_000);
});
