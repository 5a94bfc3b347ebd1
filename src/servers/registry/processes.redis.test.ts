import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ClientUnderTest, instance } from './testing/client-under-test.ts';
import { connectToRedis, ownPrefix, redisUrl, removeKeys } from './testing/redis-under-test.ts';
import { RawWatch } from './testing/registry-under-test.ts';

// On the Redis at 127.0.0.1:6379, under keys of their own.
const main = path.join(import.meta.dirname, 'main.ts');
const processes: RegistryProcess[] = [];
const clients: ClientUnderTest[] = [];
const watches: RawWatch[] = [];
let prefix = '';

beforeAll(async () => {
  (await connectToRedis()).destroy();
});

beforeEach(() => {
  prefix = ownPrefix();
});

afterEach(async () => {
  for (const watch of watches.splice(0)) watch.break();
  await Promise.all(clients.splice(0).map(({ client }) => client.close()));
  await Promise.all(processes.splice(0).map((one) => one.kill()));
  await removeKeys(prefix);
});

/** A registry as it is run: its own process. */
class RegistryProcess {
  readonly #process: ChildProcess;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#process = child;
    this.port = port;
  }

  static async start(port = 0): Promise<RegistryProcess> {
    const env = { ...process.env, PORT: String(port), REDIS_URL: redisUrl, HOLDFAST_REDIS_PREFIX: prefix };
    const child = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    const listening = new Promise<number>((resolve, reject) => {
      child.once('exit', (code) => reject(new Error(`The registry ended with ${code}.`)));
      child.on('message', (message: { state?: string; port?: number }) => {
        if (message.state === 'ready') resolve(message.port ?? 0);
      });
    });
    const registry = new RegistryProcess(child, await listening);
    processes.push(registry);
    return registry;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exited;
  }

  watch(lastEventId?: string): RawWatch {
    const watch = new RawWatch(`${this.address}/v1/watch`, lastEventId);
    watches.push(watch);
    return watch;
  }

  async put(id: string): Promise<number> {
    const body = { incarnation: 'i1', host: '127.0.0.1', port: 8080, state: 'ready', leaseMs: 60_000 };
    const answer = await fetch(`${this.address}/v1/services/a/instances/${id}`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(answer.status).toBe(200);
    return ((await answer.json()) as { revision: number }).revision;
  }
}

const until = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 15_000, interval: 10 });
const names = (watch: RawWatch): string[] => watch.events.map(({ event }) => event);
const revisions = (watch: RawWatch): number[] =>
  watch.events.filter(({ event }) => event === 'change').map(({ data }) => data.revision);

function startClient(registries: readonly RegistryProcess[], watch = 'a'): ClientUnderTest {
  const client = new ClientUnderTest(
    registries.map(({ address }) => address),
    { watch },
  );
  clients.push(client);
  return client;
}

describe('two registries on one Redis', { timeout: 60_000 }, () => {
  it('list the same, and a stream goes on at the other one, and after restarts', async () => {
    const [one, two] = await Promise.all([RegistryProcess.start(), RegistryProcess.start()]);
    const watch = one.watch();
    const elsewhere = two.watch();
    await until(() => expect([names(watch), names(elsewhere)]).toEqual([['snapshot'], ['snapshot']]));
    expect(await one.put('a-1')).toBe(1);
    await until(() => expect(revisions(elsewhere)).toEqual([1]));
    await until(() => expect(revisions(watch)).toEqual([1]));

    await one.kill();
    await until(() => expect(watch.closed).toBe(true));
    expect(await two.put('a-2')).toBe(2);
    const resumed = two.watch(watch.lastEventId);
    expect(await two.put('a-3')).toBe(3);
    await until(() => expect(revisions(resumed)).toEqual([2, 3]));
    expect(names(resumed)).not.toContain('snapshot');

    await two.kill('SIGTERM');
    const [third, fourth] = await Promise.all([RegistryProcess.start(), RegistryProcess.start()]);
    expect(await third.put('a-4')).toBe(4);
    const again = fourth.watch(resumed.lastEventId);
    expect(await third.put('a-5')).toBe(5);
    await until(() => expect(revisions(again)).toEqual([4, 5]));
    expect(names(again)).not.toContain('snapshot');
  });

  it('serve a client of both that does not notice when one dies, nor when both are restarted', async () => {
    const both = await Promise.all([RegistryProcess.start(), RegistryProcess.start()]);
    const [one, two] = both;
    const owner = startClient(both, 'other');
    const announcement = owner.client.announce(instance('a-1'), 'a');
    const watcher = startClient(both);
    await until(() => expect(watcher.shown).toBe('a-1'));
    announcement.setState('draining');
    await until(() => expect(watcher.shown).toBe('a-1:draining'));
    const before = watcher.views.length;
    await one.kill();
    await until(() => expect(watcher.eventTypes()).toContain('watch-lost'));
    await two.put('a-2');
    await until(() => expect(watcher.shown).toBe('a-1:draining a-2'));
    await two.kill();
    await Promise.all(both.map(({ port }) => RegistryProcess.start(port)));
    announcement.setState('ready');
    await until(() => expect(watcher.shown).toBe('a-1 a-2'));
    expect(watcher.history.slice(before)).toEqual(['a-1:draining a-2', 'a-1 a-2']);
    expect(owner.eventTypes()).not.toContain('superseded');
  });
});
