import { connect } from 'node:net';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster, viewOf } from './testing/cluster.ts';
import { Instance } from './testing/instance.ts';
import { limits } from './testing/limits.ts';

/** Who gets at replicas that have a cluster key, and what a stranger cannot do. */

const key = 'the-key-of-this-test';
let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start(2, { CLUSTER_KEY: key });
}, limits.testMs);

afterAll(() => cluster?.stop());

it('a replica with another key, or none, is let in nowhere, and both sides say why', {
  timeout: limits.testMs,
}, async () => {
  const strangers = [];
  for (const other of ['another-key', '']) {
    const { port } = await cluster.joiner();
    const view = [...cluster.addresses, `127.0.0.1:${port}`].join(',');
    const environment = { SOCKET_ADDRESS: `127.0.0.1:${port}`, VIEW: view, CLUSTER_KEY: other };
    const stranger = await new Instance(port, environment).start();
    strangers.push(stranger);
    await stranger.line(/peer refused/);
    await cluster.at(0).line(new RegExp(`peer refused.*${other === '' ? 'key-missing' : 'key-'}`));
    expect(await viewOf(cluster.at(0))).toEqual(cluster.addresses);
  }
  await Promise.all(strangers.map((stranger) => stranger.kill()));
});

it('changing the view takes the key, reading it does not', async () => {
  const member = { 'socket-address': '127.0.0.1:1' };
  for (const method of ['PUT', 'DELETE']) {
    expect((await cluster.at(0).ask(method, '/view', member)).status).toBe(401);
  }
  expect((await cluster.at(0).ask('GET', '/view')).status).toBe(200);
  const told = await cluster.at(0).ask('DELETE', '/view', member, { 'x-holdfast-key': key });
  expect(told.status).toBe(404);
});

it('garbage behind the first bytes of a link ends that connection, and nothing else', async () => {
  const socket = connect({ port: cluster.at(0).port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write('HOLDLNK1');
  socket.write(Buffer.alloc(100_000, 0xff));
  await new Promise((resolve) => socket.once('close', resolve));
  expect((await cluster.at(0).ask('GET', '/health')).status).toBe(200);
});

it('a replica drains at once although its links stand', { timeout: limits.testMs }, async () => {
  const [, second] = cluster.replicas as [Instance, Instance];
  expect(await second.stop('SIGTERM')).toBe(0);
  expect(second.lines.at(-1)).toContain('stopped');
});
