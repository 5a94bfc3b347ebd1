import type { DiscoveryView, Instance } from '../../calls/index.ts';
import { assert, type Core, must, unreachable } from '../../std/index.ts';
import type { ViewReport } from '../events.ts';
import { sameInstances } from '../instance.ts';
import { limits } from '../limits.ts';
import type { Position, WatchFrame } from '../watch-frame.ts';
import { backoffMs } from './backoff.ts';
import { KnownList } from './known-list.ts';
import type { ViewEffect, ViewEvent } from './view-events.ts';

/** Moments at which something is due; undefined when nothing is. */
interface Due {
  /** The stream must have been opened, or must have said something, by then. */
  silenceMs?: number | undefined;
  reconnectMs?: number | undefined;
  /** Knowing nothing until then means `unreachable`. */
  askingMs?: number | undefined;
}

/**
 * One watcher of one service: keeps a stream to some registry and shows the best list it can.
 *
 * Invariants: once `known` it stays so; positions never go back within an epoch; while no registry is
 * reached, and until it had time to hear from everybody again after a reconnect, nothing is dropped except
 * what was withdrawn by name; after that the list is the registry's. A dead stream is noticed by its
 * silence.
 */
export class ViewCore implements Core<ViewEvent, ViewEffect> {
  readonly #service: string;
  readonly #registries: readonly string[];
  readonly #confirmBeats: number;
  readonly #list = new KnownList();
  readonly #due: Due = {};
  #wakeMs: number | undefined;
  #shown: DiscoveryView = { status: 'asking' };
  #known = false;
  #position: Position | undefined;
  #registryWarming = false;
  /**
   * Keep-alives still to come on this stream before what is unconfirmed is dropped. Also on the first
   * stream: it may be the first after an outage that this process did not see.
   */
  #beatsLeft = 0;
  /** Which registry the stream goes to; the next one after each failure. */
  #registry = 0;
  #attempt = 0;
  #state: 'idle' | 'connecting' | 'open' | 'backing-off' | 'stopped' = 'idle';
  /** Failures since a stream last stood for a while. */
  #failures = 0;
  #openedMs = 0;
  /** Whether the stream carries frames; undefined until the first attempt has ended either way. */
  #reached: boolean | undefined;
  #effects: ViewEffect[] = [];

  constructor(options: {
    readonly service: string;
    readonly registries: readonly string[];
    readonly confirmBeats?: number | undefined;
  }) {
    assert(options.registries.length > 0, 'a watcher has a registry to ask');
    this.#service = options.service;
    this.#registries = options.registries;
    this.#confirmBeats = options.confirmBeats ?? limits.confirmBeats;
  }

  get view(): DiscoveryView {
    return this.#shown;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Whether a stream stands that has carried something. */
  get connected(): boolean {
    return this.#reached === true;
  }

  /** Instances shown though the registry does not list them (yet). */
  get unconfirmed(): number {
    return this.#list.kept;
  }

  step(event: ViewEvent): readonly ViewEffect[] {
    this.#effects = [];
    if (this.#state === 'stopped') return this.#effects;
    switch (event.type) {
      case 'start':
        assert(this.#state === 'idle', 'a watcher starts once');
        this.#due.askingMs = event.nowMs + limits.askingMs;
        this.#connect(event.nowMs);
        break;
      case 'opened':
        if (this.#current(event.attempt)) this.#opened(event.nowMs);
        break;
      case 'frame':
        if (this.#current(event.attempt)) this.#received(event.frame, event.nowMs, event.attempt);
        break;
      case 'failed':
        if (this.#current(event.attempt)) this.#failed(event.why, event.nowMs, event.random);
        break;
      case 'woken':
        this.#allowForPause(event.nowMs);
        this.#wakeMs = undefined;
        this.#woken(event.nowMs, event.random);
        break;
      case 'stop':
        this.#stop();
        break;
      default:
        unreachable(event);
    }
    this.#planWake();
    return this.#effects;
  }

  #current(attempt: number): boolean {
    return attempt === this.#attempt && (this.#state === 'connecting' || this.#state === 'open');
  }

  #connect(nowMs: number): void {
    this.#state = 'connecting';
    this.#attempt += 1;
    this.#due.reconnectMs = undefined;
    this.#due.silenceMs = nowMs + limits.openTimeoutMs;
    const effect = { type: 'connect', attempt: this.#attempt, registry: this.#address() } as const;
    this.#effects.push({ ...effect, from: this.#position });
  }

  #opened(nowMs: number): void {
    this.#state = 'open';
    this.#openedMs = nowMs;
    this.#due.silenceMs = nowMs + limits.silenceMs;
    this.#beatsLeft = this.#confirmBeats;
  }

  #received(frame: WatchFrame, nowMs: number, attempt: number): void {
    if (this.#state === 'connecting') this.#opened(nowMs);
    this.#due.silenceMs = nowMs + limits.silenceMs;
    const { position } = frame;
    const at = this.#position;
    if (frame.type !== 'snapshot' && (at === undefined || at.epoch !== position.epoch)) {
      // A stream that neither resumes where we are nor begins with a snapshot: start afresh, keeping the
      // list.
      this.#position = undefined;
      this.#effects.push({ type: 'disconnect', attempt });
      this.#failed('its stream does not continue where it was left', nowMs, 0.5);
      return;
    }
    this.#apply(frame);
    if (frame.type === 'snapshot' || at === undefined || position.revision > at.revision) {
      this.#position = position;
    }
    if (!this.#reached) {
      this.#reached = true;
      this.#report({ type: 'watch-opened', registry: this.#address(), service: this.#service });
    }
    if (this.#beatsLeft === 0 && !this.#registryWarming) this.#list.settle();
    this.#publishList();
  }

  #apply(frame: WatchFrame): void {
    switch (frame.type) {
      case 'snapshot':
        this.#registryWarming = frame.warming;
        this.#list.replace(frame.instances.filter(({ service }) => service === this.#service));
        this.#known = true;
        this.#due.askingMs = undefined;
        break;
      case 'change':
        if (frame.change.service !== this.#service) break;
        if (frame.position.revision <= (this.#position?.revision ?? 0)) break;
        this.#list.apply(frame.change, this.#beatsLeft > 0);
        break;
      case 'settled':
        this.#registryWarming = false;
        break;
      case 'alive':
        this.#beatsLeft = Math.max(0, this.#beatsLeft - 1);
        break;
      default:
        unreachable(frame);
    }
  }

  #failed(why: string, nowMs: number, random: number): void {
    if (this.#reached !== false) {
      this.#reached = false;
      this.#report({ type: 'watch-lost', registry: this.#address(), service: this.#service, why });
    }
    // A stream that breaks again and again right after it opened counts as failures in a row.
    if (this.#state === 'open' && nowMs - this.#openedMs >= limits.backoffMaxMs) this.#failures = 0;
    this.#failures += 1;
    this.#registry = (this.#registry + 1) % this.#registries.length;
    this.#due.silenceMs = undefined;
    if (this.#failures % this.#registries.length !== 0) {
      this.#connect(nowMs);
      return;
    }
    const rounds = this.#failures / this.#registries.length;
    this.#state = 'backing-off';
    this.#due.reconnectMs = nowMs + backoffMs(rounds, random);
    if (!this.#known) this.#publishUnreachable(why);
  }

  /**
   * Woken far too late: this process did not run. What arrived meanwhile is heard before anything is
   * judged.
   */
  #allowForPause(nowMs: number): void {
    if (this.#wakeMs === undefined || nowMs - this.#wakeMs <= limits.stallMs) return;
    const { silenceMs } = this.#due;
    if (silenceMs !== undefined) this.#due.silenceMs = Math.max(silenceMs, nowMs + limits.stallMs);
  }

  #woken(nowMs: number, random: number): void {
    const { silenceMs, reconnectMs, askingMs } = this.#due;
    if (silenceMs !== undefined && nowMs >= silenceMs) {
      const why = this.#state === 'open' ? 'it fell silent' : 'it did not answer in time';
      this.#effects.push({ type: 'disconnect', attempt: this.#attempt });
      this.#failed(why, nowMs, random);
    }
    if (askingMs !== undefined && nowMs >= askingMs) {
      this.#due.askingMs = undefined;
      if (!this.#known) this.#publishUnreachable('it did not answer in time');
    }
    if (reconnectMs !== undefined && nowMs >= reconnectMs) this.#connect(nowMs);
  }

  #stop(): void {
    if (this.#state === 'connecting' || this.#state === 'open') {
      this.#effects.push({ type: 'disconnect', attempt: this.#attempt });
    }
    this.#state = 'stopped';
    for (const name of Object.keys(this.#due) as (keyof Due)[]) this.#due[name] = undefined;
  }

  #planWake(): void {
    const { silenceMs, reconnectMs, askingMs } = this.#due;
    const moments = [silenceMs, reconnectMs, askingMs].filter((moment) => moment !== undefined);
    const atMs = moments.length === 0 ? undefined : Math.min(...moments);
    if (atMs === this.#wakeMs) return;
    this.#wakeMs = atMs;
    this.#effects.push({ type: 'wake', atMs });
  }

  #publishList(): void {
    if (!this.#known) return;
    const instances: readonly Instance[] = this.#list.shown();
    if (this.#shown.status === 'known' && sameInstances(this.#shown.instances, instances)) return;
    this.#publish({ status: 'known', instances });
  }

  #publishUnreachable(why: string): void {
    if (this.#shown.status === 'unreachable') return;
    const where = this.#registries.join(', ');
    this.#publish({ status: 'unreachable', why: `No registry can be reached at ${where}: ${why}.` });
  }

  #publish(view: DiscoveryView): void {
    this.#shown = view;
    this.#effects.push({ type: 'publish', view });
  }

  #address(): string {
    return must(this.#registries[this.#registry], 'registry');
  }

  #report(report: ViewReport): void {
    this.#effects.push({ type: 'report', report });
  }
}
