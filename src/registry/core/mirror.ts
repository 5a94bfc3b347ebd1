import type { Instance } from '../../calls/index.ts';
import { type Core, unreachable } from '../../std/index.ts';
import type { Registered } from '../instance.ts';
import { limits } from '../limits.ts';
import type { Change, Position } from '../watch-frame.ts';
import { beginning, changeFrame, missedSince } from './beginning.ts';
import { History } from './history.ts';
import type { MirrorEffect, MirrorEvent, StoredChange, StoreWord } from './mirror-events.ts';

type WatchEvent = Extract<MirrorEvent, { type: 'watch' }>;
type LoadedEvent = Extract<MirrorEvent, { type: 'loaded' }>;

/**
 * What one registry knows of a list that several keep in one store. It follows the store's history of
 * changes and serves this registry's watchers, so that they cost the store nothing.
 *
 * Invariants: the list is that of the store at the mirror's position, and changes are applied one revision
 * after the other; what does not follow is never applied, the whole list is loaded instead; nothing is said
 * to be up to date (`alive`, `settled`) that the store did not confirm after it was true; a watcher's
 * position from another registry, ahead of ours, is not called unknown before the store was asked.
 */
export class MirrorCore implements Core<MirrorEvent, MirrorEffect> {
  readonly #historyMax: number;
  /** Undefined until the list was loaded for the first time. */
  #position: Position | undefined;
  #warming = true;
  #services = new Map<string, Map<string, Instance>>();
  #history: History;
  #loading = false;
  #loadedAskedMs = Number.NEGATIVE_INFINITY;
  /** What the store confirmed and the mirror has yet to reach, since when. */
  #ahead: { readonly word: StoreWord; readonly sinceMs: number } | undefined;
  #aliveMs: number;
  /** Since when the store does not answer. */
  #failing: { readonly sinceMs: number; why: string } | undefined;
  /** Who has begun. */
  readonly #watchers = new Map<number, string | undefined>();
  /** Who came with a position that may be one we have yet to reach. */
  readonly #arriving = new Map<number, WatchEvent>();
  readonly #awaiting = new Map<number, StoreWord>();
  #effects: MirrorEffect[] = [];

  constructor(options: { readonly nowMs: number; readonly historyMax?: number | undefined }) {
    this.#historyMax = options.historyMax ?? limits.historyMax;
    this.#history = new History(this.#historyMax);
    this.#aliveMs = options.nowMs;
    this.#failing = { sinceMs: Number.NEGATIVE_INFINITY, why: 'The registry has not reached Redis yet.' };
  }

  get position(): Position | undefined {
    return this.#position;
  }

  get warming(): boolean {
    return this.#warming;
  }

  list(service?: string): readonly Registered[] {
    const names = service === undefined ? [...this.#services.keys()] : [service];
    return names.flatMap((name) =>
      [...(this.#services.get(name)?.values() ?? [])].map((instance) => ({ service: name, instance })),
    );
  }

  step(event: MirrorEvent): readonly MirrorEffect[] {
    this.#effects = [];
    switch (event.type) {
      case 'word':
        this.#heard(event.word, event.nowMs);
        break;
      case 'loaded':
        this.#loaded(event);
        break;
      case 'changes':
        for (const stored of event.changes) this.#append(stored);
        this.#catchUp(event.nowMs);
        break;
      case 'failed':
        this.#failed(event.nowMs, event.why);
        break;
      case 'watch':
        this.#watch(event);
        break;
      case 'unwatch':
        this.#watchers.delete(event.watcher);
        this.#arriving.delete(event.watcher);
        break;
      case 'await':
        this.#awaiting.set(event.request, event.word);
        this.#answerAwaiting();
        break;
      case 'give-up':
        this.#awaiting.delete(event.request);
        break;
      default:
        unreachable(event);
    }
    return this.#effects;
  }

  #heard(word: StoreWord, nowMs: number): void {
    const wasAway = this.#isAway(nowMs);
    this.#failing = undefined;
    const isBehind = this.#ahead !== undefined && nowMs - this.#ahead.sinceMs > limits.storeBehindMs;
    if (this.#position?.epoch !== word.position.epoch || isBehind || wasAway) this.#load();
    // The earlier word is kept: who waited for the latest would wait for ever while changes go on.
    this.#ahead ??= { word, sinceMs: nowMs };
    this.#catchUp(nowMs);
  }

  #load(): void {
    if (this.#loading) return;
    this.#loading = true;
    this.#effects.push({ type: 'load' });
  }

  #loaded({ word, instances, changes, nowMs }: LoadedEvent): void {
    this.#loading = false;
    this.#failing = undefined;
    const { position, warming } = word;
    this.#loadedAskedMs = word.askedMs;
    const missed = this.#missedIn(position, changes);
    if (missed === undefined) {
      this.#replace(position, instances, changes);
      this.#warming = warming;
      this.#effects.push(...this.#snapshots());
    } else {
      for (const change of missed) this.#append({ epoch: position.epoch, change });
    }
    this.#ahead = { word, sinceMs: nowMs };
    this.#catchUp(nowMs);
  }

  /** The changes from where the mirror stands to `to`; undefined when some are not kept. */
  #missedIn(to: Position, changes: readonly Change[]): readonly Change[] | undefined {
    if (this.#position?.epoch !== to.epoch) return undefined;
    const { revision } = this.#position;
    if (to.revision <= revision) return [];
    const missed = changes.filter((change) => change.revision > revision);
    return missed[0]?.revision === revision + 1 ? missed : undefined;
  }

  #replace(to: Position, instances: readonly Registered[], changes: readonly Change[]): void {
    this.#services = new Map();
    for (const { service, instance } of instances) this.#show(service, instance);
    this.#history = new History(this.#historyMax);
    for (const change of changes) this.#history.append(change);
    this.#position = to;
  }

  #snapshots(): MirrorEffect[] {
    const known = this.#known();
    if (known === undefined) return [];
    const { position, warming } = known;
    return [...this.#watchers].map(([watcher, service]) => {
      const frame = { type: 'snapshot', position, warming, instances: this.list(service) } as const;
      return { type: 'send', watcher, frame };
    });
  }

  #append({ epoch, change }: StoredChange): void {
    if (this.#position === undefined) return;
    const { revision } = this.#position;
    if (epoch === this.#position.epoch && change.revision <= revision) return;
    if (epoch !== this.#position.epoch || change.revision !== revision + 1) {
      this.#load();
      return;
    }
    if (change.kind === 'put') this.#show(change.service, change.instance);
    else this.#hide(change.service, change.id);
    this.#history.append(change);
    this.#position = { epoch, revision: change.revision };
    this.#effects.push({ type: 'broadcast', frame: changeFrame(epoch, change) });
  }

  #show(service: string, instance: Instance): void {
    const listed = this.#services.get(service) ?? new Map<string, Instance>();
    this.#services.set(service, listed);
    listed.set(instance.id, instance);
  }

  #hide(service: string, id: string): void {
    const listed = this.#services.get(service);
    listed?.delete(id);
    if (listed?.size === 0) this.#services.delete(service);
  }

  /** Says what the store has confirmed, once the mirror stands where the store stood then. */
  #catchUp(nowMs: number): void {
    this.#answerAwaiting();
    if (this.#ahead === undefined || this.#position === undefined) return;
    const { word } = this.#ahead;
    if (!this.#shows(word)) return;
    this.#ahead = undefined;
    const position = this.#position;
    if (this.#warming && !word.warming && word.position.epoch === position.epoch) {
      this.#warming = false;
      this.#effects.push({ type: 'broadcast', frame: { type: 'settled', position } });
    }
    for (const event of [...this.#arriving.values()]) {
      if (event.nowMs <= word.askedMs) this.#begin(event);
    }
    if (nowMs - this.#aliveMs < limits.keepAliveMs) return;
    this.#aliveMs = nowMs;
    this.#effects.push({ type: 'broadcast', frame: { type: 'alive', position } });
  }

  /** Whether what the store had then is in the list. */
  #shows({ position, askedMs }: StoreWord): boolean {
    if (this.#position?.epoch !== position.epoch) return this.#loadedAskedMs >= askedMs;
    return this.#position.revision >= position.revision;
  }

  #answerAwaiting(): void {
    for (const [request, word] of this.#awaiting) {
      if (!this.#shows(word)) continue;
      this.#awaiting.delete(request);
      this.#effects.push({ type: 'reached', request });
    }
  }

  #watch(event: WatchEvent): void {
    if (this.#position === undefined || this.#isAway(event.nowMs)) {
      const why = this.#failing?.why ?? 'The registry is still reading its list from Redis.';
      this.#effects.push({ type: 'end', watcher: event.watcher, why });
      return;
    }
    if (event.from === undefined || this.#knows(event.from)) this.#begin(event);
    else this.#arriving.set(event.watcher, event);
  }

  #knows(from: Position): boolean {
    const known = this.#known();
    return known !== undefined && missedSince(known, undefined, from) !== undefined;
  }

  #known() {
    const position = this.#position;
    return position === undefined
      ? undefined
      : { position, warming: this.#warming, history: this.#history };
  }

  #begin({ watcher, service, from }: WatchEvent): void {
    const known = this.#known();
    if (known === undefined) return;
    this.#arriving.delete(watcher);
    this.#watchers.set(watcher, service);
    for (const frame of beginning(known, this.list(service), service, from)) {
      this.#effects.push({ type: 'send', watcher, frame });
    }
  }

  #failed(nowMs: number, why: string): void {
    this.#loading = false;
    this.#ahead = undefined;
    this.#failing ??= { sinceMs: nowMs, why };
    this.#failing.why = why;
    if (!this.#isAway(nowMs)) return;
    for (const watcher of [...this.#watchers.keys(), ...this.#arriving.keys()]) {
      this.#effects.push({ type: 'end', watcher, why });
    }
    this.#watchers.clear();
    this.#arriving.clear();
  }

  #isAway(nowMs: number): boolean {
    return this.#failing !== undefined && nowMs - this.#failing.sinceMs >= limits.storeAwayMs;
  }
}
