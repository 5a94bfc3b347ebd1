import type { Instance } from '../../calls/index.ts';
import { type Core, unreachable } from '../../std/index.ts';
import { mayReplace } from '../incarnation.ts';
import { listedBytes, type Registered, sameInstance } from '../instance.ts';
import { limits } from '../limits.ts';
import type { Change, Position } from '../watch-frame.ts';
import { beginning, changeFrame } from './beginning.ts';
import { Fences } from './fences.ts';
import { History } from './history.ts';
import type { Held, LeasesEffect, LeasesEvent, LeasesReport, PutDecision } from './leases-events.ts';
import { MassHold } from './mass-hold.ts';

interface Lease {
  instance: Instance;
  /** Its share of `listBytesMax`. */
  bytes: number;
  leaseMs: number;
  expiresAtMs: number;
  sequence: number;
}

type PutEvent = Extract<LeasesEvent, { type: 'put' }>;
type RemoveEvent = Extract<LeasesEvent, { type: 'remove' }>;
type WatchEvent = Extract<LeasesEvent, { type: 'watch' }>;

/**
 * The registry itself: who is there, for as long as it renews its lease (Gray and Cheriton, "Leases", SOSP
 * 1989), and a numbered history of changes to watch and resume (after etcd's revisions). An epoch is one
 * life of a registry; revisions count within it.
 *
 * Invariants: each change has the next revision, a renewal has none; of an id at most one incarnation is
 * listed; what is listed stays within `limits.listBytesMax`; an incarnation that was removed is not listed
 * again (as far as a bounded memory reaches), one that was superseded not beside its successor; time in
 * which the registry did not run counts against no lease.
 */
export class LeasesCore implements Core<LeasesEvent, LeasesEffect> {
  readonly #epoch: string;
  readonly #services = new Map<string, Map<string, Lease>>();
  readonly #history: History;
  readonly #fences = new Fences(limits.fencesMax);
  readonly #hold = new MassHold();
  #size = 0;
  #bytes = 0;
  #revision = 0;
  /** Undefined once settled. */
  #warmUntilMs: number | undefined;
  #lastMs: number;
  #aliveMs: number;
  #effects: LeasesEffect[] = [];

  constructor(options: {
    readonly epoch: string;
    readonly nowMs: number;
    readonly warmingMs?: number | undefined;
    readonly historyMax?: number | undefined;
  }) {
    this.#epoch = options.epoch;
    this.#history = new History(options.historyMax ?? limits.historyMax);
    this.#warmUntilMs = options.nowMs + (options.warmingMs ?? limits.warmingMs);
    this.#lastMs = options.nowMs;
    this.#aliveMs = options.nowMs;
  }

  get position(): Position {
    return { epoch: this.#epoch, revision: this.#revision };
  }

  get warming(): boolean {
    return this.#warmUntilMs !== undefined;
  }

  get held(): Held | undefined {
    const held = this.#hold.at(this.#lastMs);
    if (held === undefined) return undefined;
    const { failing: silent, total, remainingMs } = held;
    return { silent, total, remainingMs };
  }

  /** What is listed, of one service or of all. */
  list(service?: string): readonly Registered[] {
    const names = service === undefined ? [...this.#services.keys()] : [service];
    return names.flatMap((name) =>
      [...(this.#services.get(name)?.values() ?? [])].map(({ instance }) => ({ service: name, instance })),
    );
  }

  step(event: LeasesEvent): readonly LeasesEffect[] {
    this.#effects = [];
    this.#noticeStall(event.nowMs);
    switch (event.type) {
      case 'put':
        this.#effects.push({ type: 'put-done', request: event.request, outcome: this.#put(event) });
        break;
      case 'remove':
        this.#remove(event);
        break;
      case 'watch':
        this.#watch(event);
        break;
      case 'tick':
        this.#tick(event.nowMs);
        break;
      default:
        unreachable(event);
    }
    return this.#effects;
  }

  /** Ticks come every quarter of a second. When none came for long, nobody could renew either. */
  #noticeStall(nowMs: number): void {
    const gapMs = nowMs - this.#lastMs;
    this.#lastMs = nowMs;
    if (gapMs <= limits.stallMs) return;
    for (const leases of this.#services.values()) {
      for (const lease of leases.values()) lease.expiresAtMs += gapMs;
    }
    if (this.#warmUntilMs !== undefined) this.#warmUntilMs += gapMs;
    this.#hold.extend(gapMs);
    this.#report({ type: 'stalled', gapMs });
  }

  #put(event: PutEvent): PutDecision {
    const { service, instance, leaseMs, nowMs } = event;
    const lease = this.#services.get(service)?.get(instance.id);
    const fenced = this.#fences.has(service, instance.id, instance.incarnation);
    if (fenced || (lease !== undefined && !mayReplace(instance.incarnation, lease.instance.incarnation))) {
      return { result: 'fenced', by: lease?.instance };
    }
    const isRenewal = lease?.instance.incarnation === instance.incarnation;
    const { sequence = Number.POSITIVE_INFINITY } = event;
    if (isRenewal && event.sequence !== undefined && sequence <= lease.sequence) {
      return { result: 'listed', revision: this.#revision, leaseMs };
    }
    const changed = lease === undefined || !sameInstance(lease.instance, instance);
    const bytes = changed ? listedBytes(service, instance) : lease.bytes;
    const bound = this.#exceeded(bytes, lease);
    if (bound !== undefined) return { result: 'full', bound };
    this.#bytes += bytes - (lease?.bytes ?? 0);
    const next: Lease = { instance, bytes, leaseMs, expiresAtMs: nowMs + leaseMs, sequence };
    if (lease === undefined) {
      this.#add(service, next);
    } else {
      if (!isRenewal) this.#supersede(service, lease.instance, instance);
      Object.assign(lease, next);
    }
    if (changed) this.#change({ kind: 'put', revision: this.#revision + 1, service, instance });
    return { result: 'listed', revision: this.#revision, leaseMs };
  }

  /** The bound that an instance of `bytes` would exceed in the place of `lease`. */
  #exceeded(
    bytes: number,
    lease: Lease | undefined,
  ): Extract<PutDecision, { result: 'full' }>['bound'] | undefined {
    if (lease === undefined && this.#size >= limits.instancesMax) return 'instancesMax';
    if (bytes > limits.instanceBytesMax) return 'instanceBytesMax';
    return this.#bytes - (lease?.bytes ?? 0) + bytes > limits.listBytesMax ? 'listBytesMax' : undefined;
  }

  /**
   * Incarnations that are ordered need no fence: the later one keeps the earlier away while it is listed.
   * And the earlier must be able to come back when the other is gone: it may be the living one, started by
   * a clock that had been set back, superseded by late news of a dead process.
   */
  #supersede(service: string, old: Instance, by: Instance): void {
    if (mayReplace(old.incarnation, by.incarnation)) this.#fences.add(service, old.id, old.incarnation);
  }

  #add(service: string, lease: Lease): void {
    const leases = this.#services.get(service) ?? new Map<string, Lease>();
    this.#services.set(service, leases);
    leases.set(lease.instance.id, lease);
    this.#size += 1;
  }

  #remove(event: RemoveEvent): void {
    const { service, id, incarnation } = event;
    // Fenced whether listed or not: its last renewal may be overtaken by this removal.
    this.#fences.add(service, id, incarnation);
    const removed = this.#services.get(service)?.get(id)?.instance.incarnation === incarnation;
    if (removed) this.#drop(service, id, 'withdrawn');
    this.#effects.push({
      type: 'remove-done',
      request: event.request,
      outcome: { result: 'done', removed, revision: this.#revision },
    });
  }

  #drop(service: string, id: string, why: 'withdrawn' | 'expired'): void {
    const leases = this.#services.get(service);
    const lease = leases?.get(id);
    if (leases === undefined || lease === undefined) return;
    leases.delete(id);
    this.#size -= 1;
    this.#bytes -= lease.bytes;
    if (leases.size === 0) this.#services.delete(service);
    const { incarnation } = lease.instance;
    this.#change({ kind: 'remove', revision: this.#revision + 1, service, id, incarnation, why });
  }

  #watch({ watcher, service, from }: WatchEvent): void {
    const known = { position: this.position, warming: this.warming, history: this.#history };
    for (const frame of beginning(known, this.list(service), service, from)) {
      this.#effects.push({ type: 'send', watcher, frame });
    }
  }

  #tick(nowMs: number): void {
    if (this.#warmUntilMs !== undefined && nowMs >= this.#warmUntilMs) {
      this.#warmUntilMs = undefined;
      this.#effects.push({ type: 'broadcast', frame: { type: 'settled', position: this.position } });
    }
    this.#expire(nowMs);
    if (nowMs - this.#aliveMs < limits.keepAliveMs) return;
    this.#aliveMs = nowMs;
    this.#effects.push({ type: 'broadcast', frame: { type: 'alive', position: this.position } });
  }

  /** Leases run out one after the other, as they were renewed: silent is who has missed a renewal by now. */
  #expire(nowMs: number): void {
    const due: { readonly service: string; readonly id: string }[] = [];
    let silent = 0;
    for (const [service, leases] of this.#services) {
      for (const [id, { expiresAtMs, leaseMs }] of leases) {
        if (expiresAtMs <= nowMs) due.push({ service, id });
        if (expiresAtMs - Math.floor(leaseMs / 3) <= nowMs) silent += 1;
      }
    }
    const total = this.#size;
    const verdict = this.#hold.judge({ due: due.length, failing: silent, total }, nowMs);
    if (verdict === 'begun') {
      this.#report({ type: 'expiry-held', silent, total, holdMs: limits.massExpiryHoldMs });
    }
    if (verdict === 'released') this.#report({ type: 'expiry-released', silent, total });
    if (verdict === 'begun' || verdict === 'held') return;
    for (const { service, id } of due) this.#drop(service, id, 'expired');
  }

  #change(change: Change): void {
    this.#revision = change.revision;
    this.#history.append(change);
    this.#effects.push({ type: 'broadcast', frame: changeFrame(this.#epoch, change) });
  }

  #report(report: LeasesReport): void {
    this.#effects.push({ type: 'report', report });
  }
}
