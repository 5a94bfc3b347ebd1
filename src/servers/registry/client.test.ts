import * as net from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { newIncarnation } from '../../registry/index.ts';
import { ClientUnderTest, instance } from './testing/client-under-test.ts';
import { host, RegistryUnderTest } from './testing/registry-under-test.ts';

const clients: ClientUnderTest[] = [];
const registries: RegistryUnderTest[] = [];

async function startRegistry(
  options: Parameters<typeof RegistryUnderTest.start>[0] = {},
): Promise<RegistryUnderTest> {
  const registry = await RegistryUnderTest.start(options);
  registries.push(registry);
  return registry;
}

function startClient(...args: ConstructorParameters<typeof ClientUnderTest>): ClientUnderTest {
  const client = new ClientUnderTest(...args);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map(({ client }) => client.close()));
  await Promise.all(registries.splice(0).map((registry) => registry.stop()));
});

const until = (check: () => void, timeout = 10_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 10 });

describe('a client', () => {
  it('announces, follows every state, and withdraws', async () => {
    const registry = await startRegistry();
    const watcher = startClient([registry.address]);
    const announcer = startClient([registry.address], { watch: 'other' });
    await until(() => expect(watcher.history).toEqual(['asking', '']));
    const announcement = announcer.client.announce({ ...instance('a-1'), state: 'starting' }, 'a');
    await until(() => expect(watcher.shown).toBe('a-1:starting'));
    announcement.setState('ready');
    await until(() => expect(watcher.shown).toBe('a-1'));
    announcement.setState('draining');
    await until(() => expect(watcher.shown).toBe('a-1:draining'));
    const confirmed = await new Promise((resolve) => announcement.withdraw(resolve));
    expect(confirmed).toBe(true);
    await until(() => expect(watcher.shown).toBe(''));
    expect(announcer.eventTypes()).toEqual(expect.arrayContaining(['registered', 'withdrawn']));
  });

  it('shares one stream among those who watch the same service', async () => {
    const registry = await startRegistry();
    const watcher = startClient([registry.address]);
    await until(() => expect(watcher.shown).toBe(''));
    const seen: string[] = [];
    const unwatch = watcher.client.discovery.watch('a', (view) => seen.push(view.status));
    expect(seen).toEqual(['known']);
    await registry.put('a-1');
    await until(() => expect(seen).toEqual(['known', 'known']));
    unwatch();
    await registry.put('a-2');
    await until(() => expect(watcher.shown).toBe('a-1 a-2'));
    expect(seen).toHaveLength(2);
    watcher.unwatch();
    await registry.put('a-3');
    const other = startClient([registry.address]);
    await until(() => expect(other.shown).toBe('a-1 a-2 a-3'));
    expect(watcher.shown).toBe('a-1 a-2');
  });

  it('says unreachable when there is no registry, and knows as soon as there is one', async () => {
    const gone = await startRegistry();
    const { port } = gone;
    await gone.stop();
    const watcher = startClient([gone.address]);
    const announcement = watcher.client.announce(instance('a-1'), 'a');
    await until(() => expect(watcher.history).toEqual(['asking', 'unreachable']));
    expect(watcher.views[1]).toMatchObject({
      why: expect.stringMatching(/No registry can be reached at http.*ECONNREFUSED/),
    });
    await startRegistry({ port });
    await until(() => expect(watcher.shown).toBe('a-1'));
    expect(watcher.eventTypes().filter((type) => type === 'announce-failed')).toHaveLength(1);
    await new Promise((resolve) => announcement.withdraw(resolve));
  });

  it('gives up withdrawing after a second', async () => {
    const registry = await startRegistry();
    const client = startClient([registry.address]);
    const announcement = client.client.announce(instance('a-1'), 'a');
    await until(() => expect(client.shown).toBe('a-1'));
    await registry.stop();
    const startedMs = host.clock.nowMs();
    expect(await new Promise((resolve) => announcement.withdraw(resolve))).toBe(false);
    expect(host.clock.nowMs() - startedMs).toBeLessThan(1500);
  });

  it('is told once, and what to do, when its key is refused', async () => {
    const registry = await startRegistry({ key: 'right' });
    const wrong = startClient([registry.address], { key: 'wrong' });
    wrong.client.announce(instance('a-1'), 'a');
    wrong.client.announce(instance('a-2'), 'a');
    await until(() => expect(wrong.eventTypes()).toContain('key-refused'));
    wrong.client.announce(instance('a-4'), 'a');
    const right = startClient([registry.address], { key: 'right' });
    right.client.announce(instance('a-3'), 'a');
    await until(() => expect(wrong.shown).toBe('a-3'));
    const refusals = wrong.events.filter(({ type }) => type === 'key-refused');
    expect(refusals).toEqual([
      {
        type: 'key-refused',
        registry: registry.address,
        why: 'start this process with CLUSTER_KEY=$(cat .holdfast/cluster.key)',
      },
    ]);
  });

  it('hears that another process took its id', async () => {
    const registry = await startRegistry();
    const first = startClient([registry.address]);
    first.client.announce({ ...instance('a-1', 1111), incarnation: newIncarnation(host) }, 'a');
    await until(() => expect(first.shown).toBe('a-1'));
    // Incarnations tell milliseconds apart.
    const startMs = host.clock.wallMs();
    await until(() => expect(host.clock.wallMs()).toBeGreaterThan(startMs + 1));
    const second = startClient([registry.address]);
    second.client.announce(instance('a-1', 2222), 'a');
    await until(() => expect(first.eventTypes()).toContain('superseded'));
    const why = expect.stringMatching(/a\/a-1 is announced by a later process, at 127\.0\.0\.1:2222/);
    expect(first.events.find(({ type }) => type === 'superseded')).toMatchObject({ why });
    expect(second.views.at(-1)).toMatchObject({ instances: [{ port: 2222 }] });
  });

  it.each([
    ['an address without scheme', ['127.0.0.1:8500'], /looks like http:\/\/127/],
    ['no address', [], /at least one/],
  ])('refuses %s', (_, addresses, message) => {
    expect(() => startClient(addresses)).toThrow(message);
  });

  it('refuses names that cannot be, and anything after it was closed', async () => {
    const registry = await startRegistry();
    const { client } = startClient([registry.address]);
    expect(() => client.discovery.watch('No Name', () => {})).toThrow(/service name "No Name" must be/);
    expect(() => client.announce({ ...instance('a-1'), id: 'a/1' }, 'a')).toThrow(
      /instance id "a\/1" must be/,
    );
    await client.close();
    expect(() => client.discovery.watch('b', () => {})).toThrow(/closed/);
  });
});

describe('a registry that is no registry', () => {
  it.each([
    ['answers 404', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', /it answered 404/],
    ['answers nonsense', 'what?\r\n\r\n', /Expected HTTP|Parse Error|invalid/i],
    [
      'streams nonsense',
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\nevent: snapshot\ndata: {\n\n',
      /malformed event/,
    ],
  ])('%s', async (_, answer, why) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.once('data', () => socket.write(answer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as net.AddressInfo;
    try {
      const client = startClient([`http://127.0.0.1:${port}`]);
      await until(() => expect(client.shown).toBe('unreachable'));
      expect(client.views.at(-1)).toMatchObject({ why: expect.stringMatching(why) });
    } finally {
      await Promise.all(clients.splice(0).map(({ client }) => client.close()));
      server.close();
    }
  });
});
