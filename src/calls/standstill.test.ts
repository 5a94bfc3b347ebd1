import { on, once } from 'node:events';
import { setImmediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, expect, it } from 'vitest';
import { nodeHost } from '../host/node/index.ts';
import { createCalls } from './calls.ts';
import { fixedDiscovery, instanceAt } from './discovery.ts';

/** Unless the path says otherwise. */
const answersAfterMs = 100;

/** A server on a thread of its own: it answers while this one stands still, and says what it was sent. */
const program = `
  const { createServer } = require('node:http');
  const { parentPort } = require('node:worker_threads');
  const server = createServer(({ url }, response) => {
    parentPort.postMessage(url);
    setTimeout(() => response.end('ok'), Number(url.slice(1) || ${answersAfterMs}));
  });
  server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port));
`;

const cleanups: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function callsToThread() {
  const worker = new Worker(program, { eval: true });
  cleanups.push(() => worker.terminate());
  const [port] = await once(worker, 'message');
  const messages = on(worker, 'message');
  const address = `http://127.0.0.1:${port}`;
  const discovery = fixedDiscovery({ a: [instanceAt('a', address)] });
  const calls = createCalls({ host: nodeHost({ faultsAllowed: false }), discovery });
  cleanups.push(() => calls.close());
  const received = async (count: number): Promise<void> => {
    for (let number = 1; number <= count; number++) await messages.next();
  };
  await calls.request('a', { path: '/' });
  await received(1);
  return { calls, received };
}

/**
 * This thread does nothing, as in a long computation or a collection of garbage. Begun where the event loop
 * looks at its timers next, and only then at its sockets.
 */
async function standStill(ms: number): Promise<void> {
  await setImmediate();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('reads what arrived while the process stood still before it judges by the clock', async () => {
  const { calls, received } = await callsToThread();
  const answers = Array.from({ length: 20 }, () => calls.request('a', { path: '/', timeoutMs: 300 }));
  await received(20);
  // Their deadline passes unseen.
  await standStill(500);
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(20).fill(200));
});

it('still ends a call whose answer has not come', async () => {
  const { calls, received } = await callsToThread();
  // Nothing has come, and nothing comes while a busy machine is late.
  const call = calls.request('a', { path: '/5000', timeoutMs: 50 });
  await received(1);
  await standStill(60);
  await expect(call).rejects.toMatchObject({ code: 'deadline_exceeded' });
});
