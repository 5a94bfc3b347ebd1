import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Instance } from '../../../calls/index.ts';
import { seedOf } from '../../../host/acceptance/index.ts';
import { Prng } from '../../../std/index.ts';
import { LeasesCore } from '../../core/leases.ts';
import type { LeasesEffect, LeasesEvent } from '../../core/leases-events.ts';
import type { Registered } from '../../instance.ts';
import { limits } from '../../limits.ts';
import { instance } from '../../testing/lines.ts';
import { connectToRedis, host, ownAddress, removeKeys } from '../../testing/redis.ts';
import type { Change } from '../../watch-frame.ts';
import { RedisConnection } from './connection.ts';
import { RedisLeases } from './leases.ts';

// On the Redis at 127.0.0.1:6379, under keys of its own.
const address = ownAddress();
const clockKey = `${address.prefix}state:now`;
let tests: Awaited<ReturnType<typeof connectToRedis>>;
let connection: RedisConnection;

beforeAll(async () => {
  tests = await connectToRedis();
  connection = await RedisConnection.open({ address, clock: host.clock });
});

afterAll(async () => {
  connection?.close();
  await tests?.del(clockKey);
  tests?.destroy();
  await removeKeys(address);
});

/** The same decisions twice: in this process, and in Redis, whose time is a key. */
class Both {
  readonly #core: LeasesCore;
  readonly #leases: RedisLeases;
  readonly #steps: Change[][] = [];
  #nowMs = 1_000_000;

  constructor() {
    const settings = {
      warmingMs: 3000,
      historyMax: limits.historyMax,
      massExpiryHoldMs: limits.massExpiryHoldMs,
      massExpiryRecoverMs: limits.massExpiryRecoverMs,
      clock: "local now = tonumber(redis.call('GET', state .. ':now'))",
    };
    this.#core = new LeasesCore({ epoch: 'e', nowMs: this.#nowMs, warmingMs: settings.warmingMs });
    const { prefix } = address;
    this.#leases = new RedisLeases({ prefix, settings, newEpoch: () => 'e', nowMs: () => this.#nowMs });
  }

  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    await tests.set(clockKey, String(this.#nowMs));
  }

  async tick(): Promise<void> {
    const effects = this.#step({ type: 'tick', nowMs: this.#nowMs });
    const { reports } = await this.#leases.tick(connection, 'run');
    const reported = effects.flatMap((effect) => (effect.type === 'report' ? [effect.report] : []));
    expect(reports.filter(({ type }) => type !== 'began')).toEqual(reported);
  }

  async put(service: string, what: Instance, leaseMs: number, sequence: number | undefined): Promise<void> {
    const request = { service, instance: what, leaseMs, sequence };
    const effects = this.#step({ type: 'put', request: 1, nowMs: this.#nowMs, ...request });
    const expected = effects.flatMap((effect) => (effect.type === 'put-done' ? [effect.outcome] : []));
    const { outcome } = await this.#leases.put(connection, 'run', request);
    expect([outcome.decision]).toEqual(expected);
    expect(outcome.changed).toBe(effects.some(({ type }) => type === 'broadcast'));
  }

  async remove(service: string, id: string, incarnation: string): Promise<void> {
    const request = { service, id, incarnation };
    const effects = this.#step({ type: 'remove', request: 1, nowMs: this.#nowMs, ...request });
    const expected = effects.flatMap((effect) => (effect.type === 'remove-done' ? [effect.outcome] : []));
    const { outcome: removed, word } = await this.#leases.remove(connection, 'run', request);
    expect([{ result: 'done', removed, revision: word.position.revision }]).toEqual(expected);
  }

  async compare(): Promise<void> {
    const { word, held, outcome } = await this.#leases.load(connection, 'run');
    const { position, warming } = this.#core;
    expect({ ...word, held }).toEqual({ askedMs: this.#nowMs, position, warming, held: this.#core.held });
    expect(sorted(outcome.instances)).toEqual(sorted(this.#core.list()));
    expect(outcome.changes.map(({ revision }) => revision)).toEqual(
      this.#steps.flat().map((one) => one.revision),
    );
    // What runs out in the same tick has an order in neither.
    let from = 0;
    for (const step of this.#steps) {
      const stored = outcome.changes.slice(from, from + step.length);
      expect(withoutOrder(stored)).toEqual(withoutOrder(step));
      from += step.length;
    }
  }

  #step(event: LeasesEvent): readonly LeasesEffect[] {
    const effects = this.#core.step(event);
    this.#steps.push(
      effects.flatMap((effect) =>
        effect.type === 'broadcast' && effect.frame.type === 'change' ? [effect.frame.change] : [],
      ),
    );
    return effects;
  }
}

const sorted = (list: readonly Registered[]) =>
  list.map((one) => JSON.stringify([one.service, one.instance.id, one.instance])).sort();

const withoutOrder = (changes: readonly Change[]) =>
  changes
    .map((change) => JSON.stringify({ ...change, revision: 0 }, Object.keys(flat(change)).sort()))
    .sort();

const flat = (change: Change): object =>
  change.kind === 'put' ? { ...change, ...change.instance } : change;

const incarnations = [
  'i1',
  'i2',
  '0mb2zzzzy-ffffffff',
  '0mb2zzzzz-00000002',
  '0mb2zzzzz-00000003',
  'x-y:z',
];

async function playHistory(seed: number): Promise<void> {
  await removeKeys(address);
  const prng = new Prng(seed);
  const both = new Both();
  await both.pass(0);
  await both.tick();
  const pick = <T>(from: readonly T[]): T => from[prng.below(from.length)] as T;
  for (let step = 0; step < 250; step++) {
    const service = pick(['a', 'b']);
    const id = `${service}-${prng.below(10)}`;
    const what = instance(id, pick(incarnations), {
      state: pick(['starting', 'ready', 'draining']),
      weight: pick([0, 0.25, 1]),
    });
    const leaseMs = pick([1000, 2000, 6000]);
    if (prng.chance(0.6)) await both.put(service, what, leaseMs, pick([undefined, 1, 2, 3, 20]));
    else if (prng.chance(0.3)) await both.remove(service, id, what.incarnation);
    else {
      await both.pass(prng.chance(0.1) ? 1001 + prng.below(5000) : prng.below(1001));
      if (prng.chance(0.1)) for (let tick = 0; tick < 35; tick++) await ticks(both);
      await both.tick();
    }
    if (step % 10 === 0) await both.compare();
  }
  await both.compare();
}

async function ticks(both: Both): Promise<void> {
  await both.pass(1000);
  await both.tick();
}

describe('leases in Redis', { timeout: 60_000 }, () => {
  it('decide as the core does, whatever the history', async () => {
    const first = seedOf(import.meta.url);
    for (let seed = first; seed < first + 3; seed++) {
      await playHistory(seed).catch((error) => {
        throw new Error(`seed ${seed}`, { cause: error });
      });
    }
  });

  it('have no time that goes back, and none that jumps', async () => {
    await removeKeys(address);
    const both = new Both();
    await both.pass(0);
    await both.tick();
    await both.put('a', instance('a-1', 'i1'), 1000, undefined);
    const leases = new RedisLeases({
      prefix: address.prefix,
      settings: {
        warmingMs: 0,
        historyMax: 10,
        massExpiryHoldMs: 1000,
        massExpiryRecoverMs: 1000,
        clock: "local now = tonumber(redis.call('GET', state .. ':now'))",
      },
      newEpoch: () => 'e',
      nowMs: () => 0,
    });
    for (const wallMs of [500, 501, 1_000_000_000_000, 1_000_000_000_900]) {
      await tests.set(clockKey, String(wallMs));
      await leases.tick(connection, 'run');
    }
    // 901 ms of it passed.
    expect((await leases.load(connection, 'run')).outcome.instances).toHaveLength(1);
    await tests.set(clockKey, String(1_000_000_001_000));
    await leases.tick(connection, 'run');
    expect((await leases.load(connection, 'run')).outcome.instances).toHaveLength(0);
  });

  it('begin anew when keys of theirs are gone, and after a restart of Redis keep what it has', async () => {
    await removeKeys(address);
    const lives = ['e1', 'e2', 'e3'];
    const { prefix } = address;
    const leases = new RedisLeases({
      prefix,
      settings: {
        warmingMs: 1000,
        historyMax: 10,
        massExpiryHoldMs: 1000,
        massExpiryRecoverMs: 1000,
        clock: 'local now = 1',
      },
      newEpoch: () => lives[0] ?? '',
      nowMs: () => 0,
    });
    const put = (run: string) =>
      leases.put(connection, run, { service: 'a', instance: instance('a-1', 'i1'), leaseMs: 1000 });
    expect((await put('run')).word.position).toEqual({ epoch: 'e1', revision: 1 });
    lives.shift();
    expect((await put('run')).word.position).toEqual({ epoch: 'e1', revision: 1 });
    const after = await leases.load(connection, 'another run');
    expect(after.word).toMatchObject({ position: { epoch: 'e2', revision: 0 }, warming: true });
    expect(after.outcome.instances).toHaveLength(1);
    lives.shift();
    await tests.del(`${prefix}instances`);
    const lost = await leases.load(connection, 'another run');
    expect(lost.word).toMatchObject({ position: { epoch: 'e3', revision: 0 }, warming: true });
    expect(lost.outcome).toEqual({ instances: [], changes: [] });
    expect(lost.reports).toEqual([{ type: 'began', epoch: 'e3' }]);
  });
});
