import { assert, type Core, Prng, unreachable } from '../../std/index.ts';
import { type BufferLimits, limits } from '../limits.ts';
import { messageKinds } from '../messages.ts';
import { Admission } from './admission.ts';
import { ClaimSchedule } from './claim-schedule.ts';
import { Clients } from './clients.ts';
import { Collection } from './collection.ts';
import type { Effect, Event, Incoming, Quarantine, Request, ViewChange } from './events.ts';
import { Exchange } from './exchange.ts';
import { Ledger, type Watch } from './ledger.ts';
import { Reception } from './reception.ts';
import type { MemberChange, StoreRecord } from './record.ts';
import { dotsOf } from './vector.ts';

export interface ReplicaOptions {
  /** Where the others find this replica, `host:port`. */
  readonly address: string;
  /** All replicas, itself included: the first list of members, for a disk that knows none. */
  readonly list: readonly string[];
  readonly group: number;
  readonly causalWaitMs: number;
  readonly antiEntropyMs: number;
  /** For jitter. */
  readonly seed: number;
  /** A new identity, of a disk or of a life: 16 random hexadecimal digits. */
  readonly newId: () => string;
  readonly watch?: Watch | undefined;
  readonly buffers?: BufferLimits | undefined;
}

/**
 * One replica of the causal store: what it does with requests, with its journal and with its peers. The
 * parts that decide stand beside it: `Ledger` (what is durable and what it means), `Exchange` (what is sent
 * to peers and taken from them), `Admission` (letting in and being let in), `Clients` (who waits for what),
 * `ClaimSchedule` (when to say what has been applied), `Collection` (what may be forgotten).
 */
export class Replica implements Core<Event, Effect> {
  readonly #options: ReplicaOptions;
  readonly #ledger: Ledger;
  readonly #exchange: Exchange;
  readonly #clients: Clients;
  readonly #claims: ClaimSchedule;
  readonly #admission: Admission;
  readonly #collection: Collection;
  #effects: Effect[] = [];
  #startedAtMs = 0;
  /** What the wall clock showed at the event under way. */
  #wallMs = 0;
  #refusing: 'full' | 'busy' | undefined;

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { group, watch, antiEntropyMs, causalWaitMs, newId, buffers } = options;
    const emit = (effect: Effect): void => {
      this.#effects.push(effect);
    };
    const prng = new Prng(options.seed);
    const append = (bytes: Uint8Array): void => emit({ type: 'append', bytes });
    const ledger = new Ledger({ group, append, watch, buffers });
    const isUp = (address: string): boolean => this.#exchange.peer(address)?.isUp === true;
    const reception = new Reception({ ledger, emit, isUp });
    const exchange = new Exchange({
      ledger,
      reception,
      antiEntropyMs,
      prng,
      emit,
      onJoin: (peer, join) => this.#admission.onJoin(peer, join),
      onVerdict: (peer, verdict, nowMs) => this.#admission.onVerdict(peer, verdict, nowMs),
    });
    this.#ledger = ledger;
    this.#exchange = exchange;
    this.#clients = new Clients({ ledger, exchange, causalWaitMs, emit });
    this.#claims = new ClaimSchedule(ledger);
    this.#collection = new Collection({ ledger, emit });
    this.#admission = new Admission({
      ledger,
      exchange,
      newId,
      emit,
      isTrusted: (address) => ledger.state.members.has(address) || options.list.includes(address),
      letIn: (address, node) => {
        const rebinds = ledger.state.members.has(address);
        this.#writeMember({ address, present: true, who: node, rebinds });
      },
    });
  }

  get ledger(): Ledger {
    return this.#ledger;
  }

  get exchange(): Exchange {
    return this.#exchange;
  }

  get clients(): Clients {
    return this.#clients;
  }

  /** Whether this snapshot is the one that comes in. */
  isTaking(incoming: Incoming): boolean {
    return this.#admission.isIncoming(incoming);
  }

  /** When it wants to be woken, in monotonic time. */
  get wakeAtMs(): number {
    return Math.min(this.#clients.dueMs, this.#exchange.dueMs, this.#claims.dueMs);
  }

  /** Addresses it keeps a link to: the members, and those it was told of at its start. */
  contacts(): string[] {
    const { members } = this.#ledger.state;
    const strangers = this.#options.list.filter((address) => members.get(address) === undefined);
    const addresses = new Set([...members.present().map(({ address }) => address), ...strangers]);
    addresses.delete(this.#options.address);
    return [...addresses].slice(0, limits.membersMax);
  }

  /** Members that are alive, in this replica's own opinion, in the order in which they joined. */
  view(nowMs: number): string[] {
    const isInGrace = nowMs - this.#startedAtMs < limits.graceMs;
    return this.#ledger.state.members
      .present()
      .map(({ address }) => address)
      .filter((address) => {
        if (address === this.#options.address) return true;
        const peer = this.#exchange.peer(address);
        if (peer?.lastHeardMs === undefined) return isInGrace && this.#options.list.includes(address);
        return peer.silenceMs(nowMs) < limits.deadMs - limits.cutMs;
      });
  }

  step(event: Event): readonly Effect[] {
    this.#effects = [];
    this.#dispatch(event);
    return this.#effects;
  }

  #dispatch(event: Event): void {
    const { nowMs, wallMs } = event;
    this.#wallMs = wallMs;
    switch (event.type) {
      case 'start':
        this.#start(nowMs);
        break;
      case 'request':
        this.#onRequest(event.request, nowMs);
        break;
      case 'view-change':
        this.#onViewChange(event.change, nowMs);
        break;
      case 'durable':
        this.#onDurable(event.appends, nowMs);
        break;
      case 'quarantine-kept':
        this.#ledger.quarantineKept(event.origin);
        break;
      case 'disk':
        this.#onDisk(event.refusing, nowMs);
        break;
      case 'message':
        this.#exchange.onMessage(event);
        if (event.kind === messageKinds.ack) this.#clients.confirm();
        break;
      case 'snapshot-begins':
        this.#admission.begins(event.incoming);
        break;
      case 'snapshot-chunk':
        this.#admission.chunk(event.incoming, event.chunk, wallMs);
        break;
      case 'snapshot-lost':
        this.#admission.lost(event.incoming);
        break;
      case 'snapshot-sent':
        this.#exchange.onSnapshotSent(event.to, event.scan);
        this.#collection.settle();
        break;
      case 'journal-scanned':
        this.#collection.settle();
        break;
      case 'wake':
        this.#onWake(nowMs);
        break;
      default:
        this.#onContact(event);
    }
  }

  /** A link has changed, not what came over it. */
  #onContact(event: ContactEvent): void {
    const { nowMs } = event;
    switch (event.type) {
      case 'peer-up':
        this.#exchange.onUp(event.address, nowMs);
        break;
      case 'peer-down':
        this.#exchange.onDown(event.address, nowMs);
        this.#admission.onPeerDown(event.address);
        this.#exchange.forgetStranger(event.address);
        // Who speaks from elsewhere may be the one that spoke from there.
        this.#exchange.judgeAll();
        break;
      case 'peer-silent':
        this.#exchange.onSilent(event.address, event.silentMs, nowMs);
        this.#admission.onCut(event.address);
        break;
      case 'peer-heard':
        this.#exchange.onHeard(event.address, nowMs);
        break;
      case 'peer-behind':
        this.#exchange.onBehind(event.address);
        break;
      case 'paused':
        this.#exchange.onPaused(event.pausedMs, nowMs);
        if (event.pausedMs >= limits.cutMs) this.#admission.onCut(undefined);
        break;
      default:
        unreachable(event);
    }
  }

  #start(nowMs: number): void {
    const { address, newId, list } = this.#options;
    const was = this.#ledger.identity;
    for (const quarantine of this.#ledger.quarantines) this.#setAside(quarantine);
    this.#startedAtMs = nowMs;
    this.#admission.started(nowMs);
    const identity = {
      node: was?.node ?? newId(),
      start: (was?.start ?? 0) + 1,
      origin: newId(),
      address,
    };
    const { members, applied } = this.#ledger.state;
    // Also when a damaged journal has lost it.
    const isFirst = members.present().length === 0;
    const named = list.includes(address) ? list : [...list, address];
    this.#ledger.begin(identity, isFirst ? named : undefined);
    const hasMoved = was !== undefined && was.address !== address && members.has(was.address);
    this.#ledger.write({
      ...this.#head(),
      kind: 'opening',
      dependencies: dotsOf(applied),
      node: identity.node,
      start: identity.start,
      address,
      leaves: hasMoved ? was.address : undefined,
      abandons: [],
      vouches: [],
      handsIn: 0,
    });
    this.#claims.opened(applied, nowMs);
    const { node, start, origin } = identity;
    this.#effects.push({ type: 'report', report: { type: 'started', node, start, origin } });
  }

  #onRequest(request: Request, nowMs: number): void {
    if (this.#refusing !== undefined && request.kind !== 'get') {
      const answer = { kind: 'refused', why: this.#refusing } as const;
      this.#effects.push({ type: 'answer', id: request.id, answer });
      return;
    }
    this.#clients.request(request, nowMs, this.#wallMs);
  }

  #onViewChange(change: ViewChange, nowMs: number): void {
    const { members } = this.#ledger.state;
    const answer = (kind: 'changed' | 'unchanged'): void => {
      this.#effects.push({ type: 'view-answer', id: change.id, answer: { kind } });
    };
    if (members.has(change.address) === change.present) {
      answer('unchanged');
      return;
    }
    const isFull = change.present && !members.hasRoomFor(change.address);
    if (isFull || this.#refusing !== undefined || this.#ledger.isPublishing) {
      const why = isFull ? 'too-many' : (this.#refusing ?? 'busy');
      this.#effects.push({ type: 'view-answer', id: change.id, answer: { kind: 'refused', why } });
      return;
    }
    const { address, present } = change;
    const who = present ? undefined : this.#speakerFor(address);
    this.#writeMember({ address, present, who, rebinds: false });
    this.#clients.answerViewChange(this.#ledger.ownSequence, change.id, nowMs);
  }

  /** The incarnation that speaks for an address, as far as is known here. */
  #speakerFor(address: string): string | undefined {
    const { members, nodes } = this.#ledger.state;
    const node = members.get(address)?.binding.node;
    const current = node === undefined ? undefined : nodes.current(node);
    const peer = this.#exchange.peer(address);
    // Who greeted long ago may have started again since, as others may have told.
    return peer?.isUp === true ? (peer.lastOrigin ?? current) : (current ?? peer?.lastOrigin);
  }

  #onDurable(appends: number, nowMs: number): void {
    let mustSettle = false;
    for (let count = 0; count < appends; count++) {
      const settled = this.#ledger.settle();
      if (settled.kind === 'record') {
        const { record } = settled;
        if (record.origin === this.#ledger.own.origin)
          this.#clients.applied(record, settled.applied, nowMs);
        if (record.kind !== 'write') {
          mustSettle = true;
          this.#onApplied(record);
        }
        this.#claims.applied(record);
      } else if (settled.kind === 'published') {
        mustSettle = true;
        this.#onPublished(settled.keys, settled.quarantine, nowMs);
      }
    }
    if (mustSettle) this.#collection.settle();
    this.#exchange.ackAll();
    this.#clients.covered(nowMs, this.#wallMs, this.#refusing === undefined);
  }

  /** A record about members, or a claim, has taken effect. */
  #onApplied(record: Exclude<StoreRecord, { kind: 'write' }>): void {
    if (record.kind === 'claim') return;
    this.#exchange.judgeAll();
    const isOwn = record.origin === this.#ledger.own.origin;
    if (record.kind === 'member' && isOwn) this.#admission.applied(record);
  }

  #onPublished(keys: number, quarantine: Quarantine | undefined, nowMs: number): void {
    const hasRejoined = quarantine !== undefined;
    this.#admission.published(keys, hasRejoined);
    if (hasRejoined) {
      this.#setAside(quarantine);
      this.#clients.restarted();
      this.#claims.opened(this.#ledger.state.applied, nowMs);
      this.#exchange.greetAll();
    } else {
      this.#claims.leapt(keys);
      this.#exchange.judgeAll();
      this.#exchange.pullSoon(nowMs);
    }
  }

  #setAside(quarantine: Quarantine): void {
    const writes = quarantine.writes.length;
    if (writes === 0) return;
    this.#effects.push({ type: 'quarantine', quarantine });
    this.#effects.push({ type: 'report', report: { type: 'quarantined', writes } });
  }

  #onDisk(refusing: 'full' | 'busy' | undefined, nowMs: number): void {
    this.#refusing = refusing;
    this.#exchange.isDiskFull = refusing !== undefined;
    // One that is only busy gets to a snapshot: that is sent no faster than the disk takes it.
    this.#admission.isDiskFull = refusing === 'full';
    if (refusing !== undefined) return;
    this.#exchange.pullSoon(nowMs);
    this.#clients.covered(nowMs, this.#wallMs, true);
  }

  #onWake(nowMs: number): void {
    this.#clients.expire(nowMs);
    this.#exchange.pullDue(nowMs);
    this.#admission.join(nowMs);
    this.#collection.warnOfHeld(nowMs, () => this.view(nowMs));
    if (this.#refusing !== undefined || this.#ledger.isPublishing) {
      this.#claims.postpone(nowMs);
      return;
    }
    if (this.#collection.isStuck(nowMs, () => this.view(nowMs))) this.#claims.nudge();
    const claim = this.#claims.due(nowMs);
    if (claim === undefined) return;
    this.#ledger.write({ ...this.#head(), kind: 'claim', ...claim });
    this.#claims.claimed(claim);
  }

  #writeMember(change: Pick<MemberChange, 'address' | 'present' | 'who' | 'rebinds'>): void {
    this.#ledger.write({ ...this.#head(), kind: 'member', dependencies: [], ...change });
  }

  #head() {
    const { group, own, ownSequence, isPublishing } = this.#ledger;
    assert(!isPublishing, 'nothing is written while the state is about to leap');
    const stamp = this.#ledger.nextStamp(this.#wallMs);
    return { group, origin: own.origin, sequence: ownSequence + 1, stamp };
  }
}

type ContactEvent = Extract<
  Event,
  { type: 'peer-up' | 'peer-down' | 'peer-silent' | 'peer-heard' | 'peer-behind' | 'paused' }
>;
