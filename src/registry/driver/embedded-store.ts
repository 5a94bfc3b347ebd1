import type { Host, Timer } from '../../host/index.ts';
import { drive, ignore, type Observe, unreachable } from '../../std/index.ts';
import { LeasesCore } from '../core/leases.ts';
import type { LeasesEffect, LeasesEvent, PutDecision, RemoveDecision } from '../core/leases-events.ts';
import { limits } from '../limits.ts';
import type {
  ListOutcome,
  PutRequest,
  RegistryStore,
  RemoveRequest,
  StoreEvent,
  StoreOptions,
  WatchRequest,
} from '../store.ts';
import type { WatchFrame } from '../watch-frame.ts';
import { Watchers } from './watchers.ts';

/**
 * A registry's leases in this process's memory. After a restart it warms up again; its clients bridge that.
 */
export class EmbeddedStore implements RegistryStore {
  readonly #host: Host;
  readonly #observe: Observe<StoreEvent>;
  readonly #core: LeasesCore;
  readonly #step: (event: LeasesEvent) => void;
  readonly #watchers: Watchers;
  readonly #puts = new Map<number, (outcome: PutDecision) => void>();
  readonly #removals = new Map<number, (outcome: RemoveDecision) => void>();
  #lastNumber = 0;
  #timer: Timer | undefined;

  constructor({ host, observe, warmingMs, historyMax }: StoreOptions) {
    this.#host = host;
    this.#observe = observe ?? ignore;
    this.#watchers = new Watchers(this.#observe);
    const epoch = Buffer.from(host.random.bytes(6)).toString('hex');
    this.#core = new LeasesCore({ epoch, nowMs: host.clock.nowMs(), warmingMs, historyMax });
    this.#step = drive(this.#core, (effect) => this.#run(effect));
    this.#tickLater();
  }

  put(request: PutRequest, done: (outcome: PutDecision) => void): void {
    const number = ++this.#lastNumber;
    this.#puts.set(number, done);
    this.#step({ type: 'put', request: number, nowMs: this.#host.clock.nowMs(), ...request });
  }

  remove(request: RemoveRequest, done: (outcome: RemoveDecision) => void): void {
    const number = ++this.#lastNumber;
    this.#removals.set(number, done);
    this.#step({ type: 'remove', request: number, nowMs: this.#host.clock.nowMs(), ...request });
  }

  list(service: string | undefined, done: (outcome: ListOutcome) => void): void {
    const { position, warming, held } = this.#core;
    done({ result: 'listing', position, warming, held, instances: this.#core.list(service) });
  }

  watch(
    { service, from }: WatchRequest,
    send: (frame: WatchFrame) => void,
    end: (why: string) => void,
  ): () => void {
    const watcher = ++this.#lastNumber;
    this.#watchers.add(watcher, { service, send, end });
    this.#step({ type: 'watch', watcher, nowMs: this.#host.clock.nowMs(), service, from });
    return () => this.#watchers.remove(watcher);
  }

  close(): void {
    this.#timer?.cancel();
    this.#watchers.clear();
  }

  #tickLater(): void {
    const { clock } = this.#host;
    this.#timer = clock.setTimer(limits.tickMs, () => {
      this.#step({ type: 'tick', nowMs: clock.nowMs() });
      this.#tickLater();
    });
  }

  #run(effect: LeasesEffect): void {
    switch (effect.type) {
      case 'put-done':
        this.#puts.get(effect.request)?.(effect.outcome);
        this.#puts.delete(effect.request);
        return;
      case 'remove-done':
        this.#removals.get(effect.request)?.(effect.outcome);
        this.#removals.delete(effect.request);
        return;
      case 'send':
        this.#watchers.send(effect.watcher, effect.frame);
        return;
      case 'broadcast':
        this.#watchers.broadcast(effect.frame);
        return;
      case 'report':
        this.#observe(effect.report);
        return;
      default:
        unreachable(effect);
    }
  }
}
