import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SseParser } from './client/sse-parser.ts';
import type { WatchFrame } from './watch-frame.ts';
import {
  decodeFrame,
  deleteReply,
  encodeFrame,
  explain,
  parsePosition,
  paths,
  putBody,
  putReply,
  serviceName,
  serviceReply,
  servicesReply,
  watchEvents,
} from './wire.ts';

const instance = {
  id: 'echo-a-1',
  incarnation: '0mb2zzzzz-00000002',
  host: '127.0.0.1',
  port: 8080,
  state: 'ready',
  weight: 1,
  zone: 'eu-1',
  metadata: { version: '1.2' },
} as const;
const position = { epoch: '0123456789ab', revision: 7 };

const frames: readonly WatchFrame[] = [
  { type: 'snapshot', position, warming: true, instances: [{ service: 'echo-a', instance }] },
  { type: 'change', position, change: { kind: 'put', revision: 7, service: 'echo-a', instance } },
  {
    type: 'change',
    position,
    change: {
      kind: 'remove',
      revision: 7,
      service: 'echo-a',
      id: 'echo-a-1',
      incarnation: 'i',
      why: 'expired',
    },
  },
  { type: 'settled', position },
  { type: 'alive', position },
];

describe('the wire format', () => {
  // A failure here means that clients and registries of different versions may no longer understand one
  // another.
  it('is version 1, and changes only on purpose', () => {
    expect(frames.map(encodeFrame).join('')).toMatchSnapshot();
    const schemas = { putBody, putReply, deleteReply, serviceReply, servicesReply, ...watchEvents };
    const described = Object.entries(schemas).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { io: 'input' }),
    ]);
    expect(Object.fromEntries(described)).toMatchSnapshot();
    expect([paths.instance('a', 'b@c'), paths.watch('a'), paths.watch()]).toEqual([
      '/v1/services/a/instances/b%40c',
      '/v1/watch?service=a',
      '/v1/watch',
    ]);
  });

  it('reads what it writes', () => {
    const text = frames.map(encodeFrame).join('');
    const blocks = new SseParser(10_000).push(new TextEncoder().encode(text));
    expect(blocks.map(decodeFrame)).toEqual(frames);
  });

  it('passes over events and fields of later versions', () => {
    expect(decodeFrame({ id: 'e-1', event: 'novelty', data: '{}' })).toBeUndefined();
    expect(decodeFrame({ id: '', event: 'message', data: undefined })).toBeUndefined();
    const data = JSON.stringify({ revision: 1, warming: false, instances: [], more: true });
    expect(decodeFrame({ id: 'e-1', event: 'snapshot', data })?.type).toBe('snapshot');
  });

  it.each([
    ['no id', { id: '', event: 'settled', data: '{}' }, /its id is ""/],
    ['no JSON', { id: 'e-1', event: 'change', data: '{' }, /no JSON/],
    ['another shape', { id: 'e-1', event: 'change', data: '{"kind":"put"}' }, /revision/],
    [
      'a bad instance',
      { id: 'e-1', event: 'snapshot', data: '{"revision":1,"warming":false,"instances":[1]}' },
      /instances\.0/,
    ],
  ])('says what is malformed: %s', (_, block, message) => {
    expect(() => decodeFrame(block)).toThrow(message);
  });

  it('reads positions and nothing else', () => {
    expect(parsePosition('0ab-12')).toEqual({ epoch: '0ab', revision: 12 });
    for (const bad of ['', '-', 'a-', '-1', 'a-1-2', 'a--1', 'A-1', `a-${'9'.repeat(16)}`, 'a-1 ']) {
      expect(parsePosition(bad)).toBeUndefined();
    }
  });
});

describe('what the registry takes', () => {
  const body = { incarnation: 'i1', host: '127.0.0.1', port: 8080, state: 'ready' };

  it('fills in the defaults', () => {
    expect(putBody.parse(body)).toEqual({ ...body, weight: 1, leaseMs: 6000 });
  });

  it.each(['10.0.0.1', '::1', '::ffff:10.0.0.1', 'db_1.example.org', 'localhost'])(
    'takes the host %s',
    (host) => {
      expect(putBody.safeParse({ ...body, host }).success).toBe(true);
    },
  );

  it.each([
    ['nothing', undefined, 'expected object'],
    ['no port', { ...body, port: undefined }, 'port: '],
    ['port 0', { ...body, port: 0 }, 'port: '],
    ['a port in words', { ...body, port: '8080' }, 'port: '],
    ['an unknown state', { ...body, state: 'up' }, 'state: '],
    ['a host with a path', { ...body, host: 'a/b' }, 'host: must be a host name or an address'],
    ['a host with a zone id', { ...body, host: 'fe80::1%eth0' }, 'host: must be a host name or an address'],
    ['a host that no URL can hold', { ...body, host: 'a:b' }, 'host: must be a host name or an address'],
    ['an empty incarnation', { ...body, incarnation: '' }, 'incarnation: '],
    ['a negative weight', { ...body, weight: -1 }, 'weight: '],
    ['a lease too short', { ...body, leaseMs: 999 }, 'leaseMs: '],
    ['a lease too long', { ...body, leaseMs: 60_001 }, 'leaseMs: '],
    ['metadata that is no text', { ...body, metadata: { a: 1 } }, 'metadata.a: '],
    [
      'too much metadata',
      {
        ...body,
        metadata: Object.fromEntries(Array.from({ length: 33 }, (_, index) => [`k${index}`, ''])),
      },
      'metadata: must have at most 32 entries',
    ],
  ])('refuses %s', (_, value, message) => {
    const parsed = putBody.safeParse(value);
    expect(parsed.success ? 'taken' : explain(parsed.error)).toContain(message);
  });

  it.each([
    ['a', true],
    ['echo-a', true],
    ['9', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), false],
    ['', false],
    ['-a', false],
    ['Echo', false],
    ['a/b', false],
    ['a b', false],
  ])('service name %j: %j', (name, taken) => {
    expect(serviceName.safeParse(name).success).toBe(taken);
  });

  it.each([7, null, undefined, 'Echo'])('says what a service name must be, not %j', (name) => {
    const parsed = serviceName.safeParse(name);
    expect(parsed.error && explain(parsed.error)).toMatch(/^must be 1 to 63 lower-case letters/);
  });
});
