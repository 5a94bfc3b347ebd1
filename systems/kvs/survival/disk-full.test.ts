import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { Cluster, del, get, metadataOf, put, until } from '../testing/cluster.ts';
import { Instance } from '../testing/instance.ts';
import { freePort } from '../testing/ports.ts';
import { limits } from './testing/limits.ts';
import { mayMount, SmallDisk } from './testing/small-disk.ts';

let stop: () => Promise<unknown> = async () => {};

afterEach(() => stop());

/** Two segments of a journal fit, the third does not. */
const smallMib = 40;
const largeMib = 120;
const value = 'x'.repeat(256 * 1024);

// Without root there is no disk to fill: the fault below takes its place.
if (mayMount) {
  it('a disk that is really full refuses writes, serves reads, heals with room', refusesAndHeals, 240_000);
}

it('a disk said to be full by a fault refuses and heals the same way', async () => {
  const cluster = await Cluster.start(2);
  stop = () => cluster.stop();
  const [full, other] = [cluster.at(0), cluster.at(1)];
  await full.inject({ kind: 'disk', full: true });
  const written = await filled(full);
  expect((await put(full, 'refused', 1)).status).toBe(507);
  await full.heal();
  await until(async () => (await put(full, 'later', 1)).status < 300, 'writes are taken again');
  for (const key of written) {
    await until(async () => (await get(other, key)).status === 200, `${key} is replicated`);
  }
}, 240_000);

/** Writes until the disk takes no more, and the one that it had no room for is answered; to all before it. */
async function filled(replica: Instance): Promise<readonly string[]> {
  const written: string[] = [];
  for (;;) {
    const key = `k${written.length}`;
    const told = await put(replica, key, `${written.length} ${value}`);
    if (told.status !== 201) {
      // 504: it is on its way, and may yet be done when there is room.
      expect([504, 507]).toContain(told.status);
      return written;
    }
    written.push(key);
    expect(written.length * value.length).toBeLessThan(smallMib * 1024 * 1024);
  }
}

async function twoReplicas(folder: string): Promise<[Instance, Instance]> {
  const ports = [await freePort(), await freePort()] as const;
  const view = ports.map((port) => `127.0.0.1:${port}`).join(',');
  const [full, other] = [folder, ':memory:'].map((data, index) => {
    const port = ports[index] as number;
    return new Instance(port, { SOCKET_ADDRESS: `127.0.0.1:${port}`, VIEW: view, DATA_DIR: data });
  }) as [Instance, Instance];
  await Promise.all([full.start(), other.start()]);
  await full.line(/peer up/);
  return [full, other];
}

async function expectAll(replica: Instance, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    const { status, body } = await get(replica, key);
    expect([status, body.value]).toEqual([200, `${key.slice(1)} ${value}`]);
  }
}

async function refusesAndHeals(): Promise<void> {
  const disk = new SmallDisk(smallMib);
  const [full, other] = await twoReplicas(path.join(disk.folder, 'data'));
  stop = async () => {
    await Promise.all([full.kill(), other.kill()]);
    disk.remove();
  };
  const written = await filled(full);
  await full.line(/The disk is full/);
  const refused = [
    await put(full, 'k0', 'changed'),
    await del(full, 'k0'),
    await full.ask('PUT', '/view', { 'socket-address': '127.0.0.1:9' }),
  ];
  expect(refused.map(({ status }) => status)).toEqual([507, 507, 507]);
  expect(refused[0]?.headers.get('retry-after')).toMatch(/^\d+$/);
  await expectAll(full, written);
  const elsewhere = metadataOf(await put(other, 'elsewhere', 1));
  expect((await get(full, 'elsewhere', elsewhere)).status).toBe(503);

  disk.resize(largeMib);
  const isBack = async (): Promise<boolean> => (await put(full, 'later', 1)).status < 300;
  await until(isBack, 'writes are taken again, without a restart', limits.waitMs);
  const hasOther = async (): Promise<boolean> => (await get(full, 'elsewhere', elsewhere)).status === 200;
  await until(hasOther, 'what was written elsewhere arrives', limits.waitMs);
  await full.kill();
  await full.start();
  await expectAll(full, written);
  const last = written.at(-1) as string;
  await until(async () => (await get(other, last)).status === 200, 'all is replicated', limits.waitMs);
  await expectAll(other, written);
}
