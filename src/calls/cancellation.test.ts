import { once } from 'node:events';
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { createClient } from '@connectrpc/connect';
import * as undici from 'undici';
import { afterEach, expect, it } from 'vitest';
import type { Calls } from './caller.ts';
import { Parrot } from './testing/gen/parrot_pb.js';
import { Stage } from './testing/stage.ts';

const stage = new Stage();

afterEach(() => stage.clear());

/** An upstream over HTTP/1.1 and one over HTTP/2 that never answer, and say when a request came and went. */
async function silent(version: 1 | 2): Promise<{ port: number; came: Promise<void>; went: Promise<void> }> {
  const came = Promise.withResolvers<void>();
  const went = Promise.withResolvers<void>();
  const over = { came: came.promise, went: went.promise };
  if (version === 1) {
    const port = await stage.http((_, response) => {
      response.once('close', () => went.resolve());
      came.resolve();
    });
    return { port, ...over };
  }
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.once('close', () => went.resolve());
    came.resolve();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stage.later(() => server.close());
  return { port: (server.address() as AddressInfo).port, ...over };
}

type Start = (calls: Calls, signal: AbortSignal) => Promise<unknown>;

const ways: [string, 1 | 2, Start][] = [
  ['request', 1, (calls, signal) => calls.request('a', { path: '/', timeoutMs: 15_000, signal })],
  ['fetch', 1, (calls, signal) => calls.fetch('http://a/', { holdfast: { timeoutMs: 15_000 }, signal })],
  [
    'dispatcher',
    1,
    (calls, signal) => {
      const dispatcher = calls.dispatcher('a', { timeoutMs: 15_000 });
      return undici.request('http://a/', { dispatcher, signal });
    },
  ],
  [
    'transport',
    2,
    (calls, signal) => {
      const client = createClient(Parrot, calls.transport('a'));
      return client.say({ text: 'x' }, { signal, timeoutMs: 15_000 });
    },
  ],
];

it.each(ways)('%s: a caller that gives up is seen by the upstream', async (_, version, start) => {
  const { port, came, went } = await silent(version);
  const calls = stage.calls([port]);
  const controller = new AbortController();
  const call = start(calls, controller.signal).then(
    () => 'answered',
    () => 'gave up',
  );
  await came;
  controller.abort(new Error('enough'));
  await went;
  expect(await call).toBe('gave up');
  // Nothing is held against the instance, and its place is free again.
  expect(calls.explain('a')[0]?.instances[0]).toMatchObject({ inFlight: 0, bad: 0 });
});
