import { describe, expect, it, vi } from 'vitest';
import { EmbeddedStore, type ListOutcome } from '../../../registry/index.ts';
import { createLogger } from '../../../telemetry/index.ts';
import { host } from '../testing/registry-under-test.ts';
import { ClassicRegistry } from './classic-registry.ts';
import { MemoryEnrolments } from './memory-enrolments.ts';
import { parseRegistration } from './registration.ts';
import { ProbedServer } from './testing/classic-under-test.ts';
import { onStage } from './testing/on-stage.ts';

const patience = { timeout: 20_000, interval: 20 };

/** Two registries with one store and one set of enrolments between them. */
class Stage {
  readonly changes: string[] = [];
  readonly store = new EmbeddedStore({
    host,
    warmingMs: 0,
    observe: (event) => {
      if (event.type === 'changed') this.changes.push(event.change.kind);
    },
  });
  first!: ClassicRegistry;
  second!: ClassicRegistry;
  server!: ProbedServer;

  async start(): Promise<void> {
    this.server = await ProbedServer.start();
    const log = createLogger({ format: 'text', level: 'info', write: () => {} });
    const options = { host, log, store: this.store, enrolments: new MemoryEnrolments(), refreshMs: 250 };
    this.first = await ClassicRegistry.start(options);
    this.second = await ClassicRegistry.start(options);
  }

  async close(): Promise<void> {
    await this.first.close();
    await this.second.close();
    this.store.close();
    await this.server.die();
  }

  async incarnationListed(): Promise<string | undefined> {
    const listing = await new Promise<ListOutcome>((resolve) => this.store.list('authen', resolve));
    if (listing.result === 'unavailable') throw new Error(listing.why);
    return listing.instances[0]?.instance.incarnation;
  }

  async register(): Promise<void> {
    const registration = parseRegistration({ host: this.server.host, type: 'authen' });
    expect(await this.first.register(registration)).toEqual({ result: 'registered' });
  }

  untilUnlisted(): Promise<void> {
    return vi.waitFor(async () => expect(await this.incarnationListed()).toBeUndefined(), patience);
  }

  untilListed(): Promise<void> {
    return vi.waitFor(async () => expect(await this.incarnationListed()).toBeDefined(), patience);
  }
}

const on = onStage(async () => {
  const stage = new Stage();
  await stage.start();
  return stage;
});

describe('two registries that share what they know', { timeout: 60_000, concurrent: true }, () => {
  it(
    'list an instance by one incarnation, and each keeps it listed without the other',
    on(async (stage) => {
      await stage.register();
      const incarnation = await stage.incarnationListed();
      await vi.waitFor(() => expect(stage.server.requests.length).toBeGreaterThan(1), patience);
      await stage.first.close();
      const asked = stage.server.requests.length;
      // The other reads the enrolments again all the time.
      await vi.waitFor(() => expect(stage.server.requests.length).toBeGreaterThan(asked + 1), patience);
      expect(await stage.incarnationListed()).toBe(incarnation);
      expect(stage.changes).toEqual(['put']);
      await stage.server.die();
      await stage.untilUnlisted();
      await stage.server.listen();
      await stage.untilListed();
      expect(stage.changes).toEqual(['put', 'remove', 'put']);
    }),
  );

  it(
    'both end the probing when one of them is told to',
    on(async (stage) => {
      await stage.register();
      await stage.server.die();
      await stage.untilUnlisted();
      await stage.server.listen();
      await stage.untilListed();
      const incarnation = (await stage.incarnationListed()) ?? '';
      const id = `authen@${stage.server.host}`;
      expect(await stage.first.end('authen', id, 'another')).toBe(false);
      expect(await stage.first.end('authen', id, incarnation)).toBe(true);
      await new Promise((resolve) => stage.store.remove({ service: 'authen', id, incarnation }, resolve));
      // By the time that both have probed another one for a while, it would be back.
      const witness = await ProbedServer.start();
      try {
        await stage.first.register(parseRegistration({ host: witness.host, type: 'witness' }));
        await vi.waitFor(() => expect(witness.requests.length).toBeGreaterThan(4), patience);
      } finally {
        await witness.die();
      }
      expect(await stage.incarnationListed()).toBeUndefined();
      expect(stage.changes).toEqual(['put', 'remove', 'put', 'remove', 'put']);
    }),
  );
});
