import { afterAll, describe, expect, it, vi } from 'vitest';
import { ClientUnderTest, instance } from './testing/client-under-test.ts';
import { RegistryUnderTest } from './testing/registry-under-test.ts';

const clients: ClientUnderTest[] = [];

function startClient(...args: ConstructorParameters<typeof ClientUnderTest>): ClientUnderTest {
  const client = new ClientUnderTest(...args);
  clients.push(client);
  return client;
}

// At the end of all: the tests wait at the same time.
afterAll(async () => {
  await Promise.all(clients.splice(0).map(({ client }) => client.close()));
});

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 });

async function listed(registry: RegistryUnderTest): Promise<readonly string[]> {
  const { body } = await registry.ask('GET', '/v1/services/a');
  return body.instances.map(({ id }: { id: string }) => id).sort();
}

describe('when the registry goes away', { timeout: 60_000, concurrent: true }, () => {
  it('and comes back without its memory, nobody notices', async () => {
    const first = await RegistryUnderTest.start();
    for (const id of ['a-1', 'a-2']) {
      startClient([first.address], { watch: 'other' }).client.announce(instance(id), 'a');
    }
    const watcher = startClient([first.address]);
    await until(() => expect(watcher.shown).toBe('a-1 a-2'));
    const changesBefore = watcher.views.length;
    await first.stop();
    await until(() => expect(watcher.eventTypes()).toContain('watch-lost'));
    const second = await RegistryUnderTest.start({ port: first.port });
    await until(async () => expect(await listed(second)).toEqual(['a-1', 'a-2']));
    // Past its warming, which is when a view drops what was not confirmed.
    await until(async () => expect((await second.ask('GET', '/v1/services')).body.warming).toBe(false));
    expect(watcher.history.slice(changesBefore)).toEqual([]);
    // And its stream is alive.
    await second.put('a-3');
    await until(() => expect(watcher.shown).toBe('a-1 a-2 a-3'));
    await second.stop();
  });

  it('a process that dies meanwhile is forgotten once the registry has settled', async () => {
    const first = await RegistryUnderTest.start();
    const [dying, living] = ['a-1', 'a-2'].map((id) => {
      const owner = startClient([first.address], { watch: 'other' });
      owner.client.announce(instance(id), 'a');
      return owner;
    });
    const watcher = startClient([first.address]);
    await until(() => expect(watcher.shown).toBe('a-1 a-2'));
    await first.stop();
    await dying?.client.close();
    const second = await RegistryUnderTest.start({ port: first.port, warmingMs: 1000 });
    await until(() => expect(watcher.shown).toBe('a-2'));
    expect(watcher.history.slice(-2)).toEqual(['a-1 a-2', 'a-2']);
    expect(living?.eventTypes()).not.toContain('superseded');
    await second.stop();
  });

  it('another one takes over', async () => {
    const first = await RegistryUnderTest.start();
    const second = await RegistryUnderTest.start();
    const both = [first.address, second.address];
    const owner = startClient(both, { watch: 'other' });
    owner.client.announce(instance('a-1'), 'a');
    const watcher = startClient(both);
    await until(() => expect(watcher.shown).toBe('a-1'));
    await until(async () =>
      expect([await listed(first), await listed(second)]).toEqual([['a-1'], ['a-1']]),
    );
    const before = watcher.views.length;
    await first.stop();
    await second.put('a-2');
    await until(() => expect(watcher.shown).toBe('a-1 a-2'));
    expect(watcher.history.slice(before)).toEqual(['a-1 a-2']);
    await second.stop();
  });
});

describe('a hundred watchers', { timeout: 60_000, concurrent: true }, () => {
  it('all see each change, and all come back when the registry does', async () => {
    const first = await RegistryUnderTest.start();
    const watchers = Array.from({ length: 100 }, () => startClient([first.address]));
    await until(() => expect(watchers.every(({ shown }) => shown === '')).toBe(true));
    for (const id of ['a-1', 'a-2', 'a-3']) await first.put(id, { leaseMs: 60_000 });
    await until(() => expect(watchers.every(({ shown }) => shown === 'a-1 a-2 a-3')).toBe(true));
    await first.remove('a-2');
    await until(() => expect(watchers.every(({ shown }) => shown === 'a-1 a-3')).toBe(true));
    await first.stop();
    const second = await RegistryUnderTest.start({ port: first.port });
    await second.put('a-9', { leaseMs: 60_000 });
    await until(() => expect(watchers.every(({ shown }) => shown === 'a-1 a-3 a-9')).toBe(true));
    await second.stop();
  });
});
