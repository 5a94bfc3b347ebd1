import type { Host, Timer } from '../../host/index.ts';
import { drive, ignore, type Observe, unreachable } from '../../std/index.ts';
import { MirrorCore } from '../core/mirror.ts';
import type { MirrorEffect, MirrorEvent, StoreWord } from '../core/mirror-events.ts';
import { limits } from '../limits.ts';
import type {
  ListOutcome,
  PutOutcome,
  PutRequest,
  RegistryStore,
  RemoveOutcome,
  RemoveRequest,
  StoreEvent,
  StoreOptions,
  Unavailable,
  WatchRequest,
} from '../store.ts';
import type { WatchFrame } from '../watch-frame.ts';
import type { RedisAddress } from './redis/address.ts';
import type { RedisConnection } from './redis/connection.ts';
import { RedisFailure, redisFailure } from './redis/failures.ts';
import { Feed } from './redis/feed.ts';
import { RedisLeases, type Reply } from './redis/leases.ts';
import { RedisLink } from './redis/link.ts';
import { redisClock } from './redis/prologue.lua.ts';
import { type RedisScript, runScript, type ScriptOutcome } from './redis/script.ts';
import { Watchers } from './watchers.ts';

export interface RedisStoreOptions extends StoreOptions {
  readonly address: RedisAddress;
  /** `limits.massExpiryHoldMs` and `limits.massExpiryRecoverMs` by default. All registries agree on them. */
  readonly massExpiryHoldMs?: number | undefined;
  readonly massExpiryRecoverMs?: number | undefined;
}

/**
 * Leases in Redis, for any number of registries at once: they list the same, and a watcher resumes by its
 * position at any of them. What is decided is decided in Redis, in one script; this registry's watchers are
 * served from a mirror of the list that follows the changes.
 */
export class RedisStore implements RegistryStore {
  readonly #host: Host;
  readonly #observe: Observe<StoreEvent>;
  readonly #address: RedisAddress;
  readonly #leases: RedisLeases;
  readonly #mirror: MirrorCore;
  readonly #step: (event: MirrorEvent) => void;
  readonly #watchers: Watchers;
  readonly #awaiting = new Map<number, (reached: boolean) => void>();
  readonly #link: RedisLink;
  readonly #feed: Feed;
  readonly #onBegun: (() => void)[] = [];
  #run = '';
  #lastNumber = 0;
  #timer: Timer | undefined;
  /** Undefined until the first question was answered, or was not. */
  #reached: boolean | undefined;
  #isClosed = false;

  constructor({ host, address, observe, warmingMs, historyMax, ...more }: RedisStoreOptions) {
    this.#host = host;
    this.#address = address;
    this.#observe = observe ?? ignore;
    this.#watchers = new Watchers(this.#observe);
    const settings = {
      warmingMs: warmingMs ?? limits.warmingMs,
      historyMax: historyMax ?? limits.historyMax,
      massExpiryHoldMs: more.massExpiryHoldMs ?? limits.massExpiryHoldMs,
      massExpiryRecoverMs: more.massExpiryRecoverMs ?? limits.massExpiryRecoverMs,
      clock: redisClock,
    };
    const nowMs = () => host.clock.nowMs();
    const newEpoch = () => Buffer.from(host.random.bytes(6)).toString('hex');
    const leases = new RedisLeases({ prefix: address.prefix, settings, newEpoch, nowMs });
    this.#leases = leases;
    this.#mirror = new MirrorCore({ nowMs: nowMs(), historyMax });
    this.#step = drive(this.#mirror, (effect) => this.#perform(effect));
    this.#link = new RedisLink({
      host,
      address,
      prepare: async (connection) => {
        this.#run = await RedisLeases.runOf(connection);
      },
      onDown: ({ message }) => this.#failed(message),
    });
    this.#feed = new Feed({
      host,
      address,
      leases,
      revision: () => this.#mirror.position?.revision,
      onChanges: (changes) => this.#step({ type: 'changes', nowMs: nowMs(), changes }),
    });
    this.#tickLater(0);
  }

  /** Resolves when the list was read for the first time, or after `limits.storeConnectMs` without it. */
  begun(): Promise<void> {
    if (this.#mirror.position !== undefined) return Promise.resolve();
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = this.#host.clock.setTimer(limits.storeConnectMs, resolve);
    this.#onBegun.push(() => {
      timer.cancel();
      resolve();
    });
    return promise;
  }

  put(request: PutRequest, done: (outcome: PutOutcome) => void): void {
    const ask = (connection: RedisConnection) => this.#leases.put(connection, this.#run, request);
    this.#ask(ask, done, ({ word, outcome: { decision, changed } }, untilMs) => {
      if (changed) this.#whenReached(word, untilMs, () => done(decision));
      else done(decision);
    });
  }

  remove(request: RemoveRequest, done: (outcome: RemoveOutcome) => void): void {
    const ask = (connection: RedisConnection) => this.#leases.remove(connection, this.#run, request);
    this.#ask(ask, done, ({ word, outcome: removed }, untilMs) => {
      const outcome = { result: 'done', removed, revision: word.position.revision } as const;
      if (removed) this.#whenReached(word, untilMs, () => done(outcome));
      else done(outcome);
    });
  }

  list(service: string | undefined, done: (outcome: ListOutcome) => void): void {
    const ask = (connection: RedisConnection) => this.#leases.status(connection, this.#run);
    this.#ask(ask, done, ({ word, held }, untilMs) =>
      this.#whenReached(word, untilMs, (isReached) => {
        const { position, warming } = this.#mirror;
        if (!isReached || position === undefined) {
          const why = 'The registry is still reading what changed in Redis: try again in a moment.';
          done({ result: 'unavailable', why });
          return;
        }
        const isSame = position.epoch === word.position.epoch;
        const instances = this.#mirror.list(service);
        done({ result: 'listing', position, warming: isSame ? word.warming : warming, held, instances });
      }),
    );
  }

  watch(
    { service, from }: WatchRequest,
    send: (frame: WatchFrame) => void,
    end: (why: string) => void,
  ): () => void {
    const watcher = ++this.#lastNumber;
    this.#watchers.add(watcher, { service, send, end });
    this.#step({ type: 'watch', watcher, nowMs: this.#host.clock.nowMs(), service, from });
    return () => {
      this.#watchers.remove(watcher);
      this.#step({ type: 'unwatch', watcher });
    };
  }

  /**
   * Runs a script on this store's connection, for what else its registries share. `key` is the rest of the
   * name of the one key it uses. Answers within two times `limits.storeCommandMs`.
   */
  async run(script: RedisScript, key: string, args: readonly string[]): Promise<ScriptOutcome> {
    const { state } = this.#link;
    if (state instanceof RedisFailure) {
      return { result: 'failed', why: state.message, noRoom: false, mayHaveRun: false };
    }
    try {
      const keys = [this.#address.prefix + key];
      return { result: 'answered', answer: await runScript(state, script, keys, args) };
    } catch (error) {
      const { message, isFull } = redisFailure(error, this.#address.shown);
      return { result: 'failed', why: message, noRoom: isFull, mayHaveRun: !state.isOpen };
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#link.close();
    this.#feed.close();
    this.#watchers.clear();
    for (const told of this.#onBegun.splice(0)) told();
    for (const told of [...this.#awaiting.values()]) told(false);
  }

  /** `done` hears of a failure; `then` gets the answer, and until when it may make the asker wait. */
  #ask<Outcome>(
    ask: (connection: RedisConnection) => Promise<Reply<Outcome>>,
    done: (outcome: Unavailable) => void,
    then: (reply: Reply<Outcome>, untilMs: number) => void,
  ): void {
    const { state } = this.#link;
    if (state instanceof RedisFailure) {
      done({ result: 'unavailable', why: state.message });
      return;
    }
    const untilMs = this.#host.clock.nowMs() + limits.storeCommandMs;
    ask(state).then(
      (reply) => {
        for (const report of reply.reports) this.#observe(report);
        then(reply, untilMs);
      },
      (error) => done({ result: 'unavailable', why: this.#whyOf(error) }),
    );
  }

  #whyOf(error: unknown): string {
    return redisFailure(error, this.#address.shown).message;
  }

  /** Calls `told` once the mirror shows what the store said, or with false when that takes too long. */
  #whenReached(word: StoreWord, untilMs: number, told: (reached: boolean) => void): void {
    if (this.#isClosed) {
      told(false);
      return;
    }
    const { clock } = this.#host;
    const request = ++this.#lastNumber;
    const tell = (reached: boolean): void => {
      timer.cancel();
      this.#awaiting.delete(request);
      told(reached);
    };
    const timer = clock.setTimer(Math.max(0, untilMs - clock.nowMs()), () => {
      this.#step({ type: 'give-up', request });
      tell(false);
    });
    this.#awaiting.set(request, tell);
    this.#step({ type: 'await', request, word });
  }

  #tickLater(delayMs: number): void {
    if (this.#isClosed) return;
    this.#timer = this.#host.clock.setTimer(delayMs, () => {
      const { state } = this.#link;
      if (state instanceof RedisFailure) {
        if (this.#reached !== undefined) this.#failed(state.message);
        this.#tickLater(limits.tickMs);
        return;
      }
      this.#leases
        .tick(state, this.#run)
        .then(
          (reply) => this.#heard(reply),
          (error) => this.#failed(this.#whyOf(error)),
        )
        .finally(() => this.#tickLater(limits.tickMs));
    });
  }

  #heard({ word, reports }: Reply<undefined>): void {
    if (this.#isClosed) return;
    if (this.#reached !== true) this.#observe({ type: 'store-reached' });
    this.#reached = true;
    for (const report of reports) this.#observe(report);
    this.#step({ type: 'word', nowMs: this.#host.clock.nowMs(), word });
  }

  #failed(why: string): void {
    if (this.#isClosed) return;
    if (this.#reached !== false) this.#observe({ type: 'store-lost', why });
    this.#reached = false;
    this.#step({ type: 'failed', nowMs: this.#host.clock.nowMs(), why });
  }

  #load(): void {
    const { state } = this.#link;
    const fail = (why: string) => this.#step({ type: 'failed', nowMs: this.#host.clock.nowMs(), why });
    if (state instanceof RedisFailure) {
      fail(state.message);
      return;
    }
    this.#leases.load(state, this.#run).then(
      ({ word, outcome, reports }) => {
        for (const report of reports) this.#observe(report);
        this.#step({ type: 'loaded', nowMs: this.#host.clock.nowMs(), word, ...outcome });
        for (const told of this.#onBegun.splice(0)) told();
      },
      (error) => fail(this.#whyOf(error)),
    );
  }

  #perform(effect: MirrorEffect): void {
    switch (effect.type) {
      case 'load':
        this.#load();
        return;
      case 'send':
        this.#watchers.send(effect.watcher, effect.frame);
        return;
      case 'broadcast':
        this.#watchers.broadcast(effect.frame);
        return;
      case 'end':
        this.#watchers.end(effect.watcher, effect.why);
        return;
      case 'reached':
        this.#awaiting.get(effect.request)?.(true);
        return;
      default:
        unreachable(effect);
    }
  }
}
