import type { Prng } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import { limits } from '../limits.ts';
import {
  decodeAck,
  decodeGreeting,
  decodeJoin,
  decodePull,
  decodeRecords,
  decodeVerdict,
  encodeAck,
  encodePull,
  type Join,
  messageKinds,
  type Verdict,
} from '../messages.ts';
import { decodeRecord } from '../wire.ts';
import type { Effect, Event } from './events.ts';
import { highestStamp, type Ledger } from './ledger.ts';
import { nextBatch } from './outgoing.ts';
import { Peer } from './peer.ts';
import type { Reception } from './reception.ts';
import { Scan } from './scan.ts';
import { raise, sequenceOf } from './vector.ts';

export interface ExchangeOptions {
  readonly ledger: Ledger;
  readonly reception: Reception;
  readonly antiEntropyMs: number;
  readonly prng: Prng;
  readonly emit: (effect: Effect) => void;
  readonly onJoin: (peer: Peer, join: Join) => void;
  readonly onVerdict: (peer: Peer, verdict: Verdict, nowMs: number) => void;
}

/**
 * What a replica has to do with each of its peers.
 *
 * A peer is asked for what is lacking (a pull: an epoch and the own vector), at once when it has just
 * started, then every anti-entropy period. It answers with the records that are missing, from its log or as
 * a snapshot, and from then on with its own new ones as they come. A link silent for too long counts as cut:
 * the epoch ends there, whatever still arrives under it is not taken, and the next pull comes a period after
 * contact is back.
 */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #peers = new Map<string, Peer>();
  /** Own records up to this sequence are sent before they are durable here: other disks are waited for. */
  #aheadTo = 0;
  #scans = 0;
  /** The journal takes nothing: what peers send is asked for again later. */
  isDiskFull = false;

  constructor(options: ExchangeOptions) {
    this.#options = options;
  }

  get peers(): Iterable<Peer> {
    return this.#peers.values();
  }

  /** Whether there is a peer to exchange with. */
  get hasOpen(): boolean {
    return [...this.#peers.values()].some(({ isOpen }) => isOpen);
  }

  peer(address: string): Peer | undefined {
    return this.#peers.get(address);
  }

  known(address: string): Peer {
    let peer = this.#peers.get(address);
    if (peer === undefined) {
      peer = new Peer(address);
      this.#peers.set(address, peer);
    }
    return peer;
  }

  /** Of a stranger nothing is kept once it is gone. */
  forgetStranger(address: string): void {
    if (!this.#options.ledger.state.members.has(address)) this.#peers.delete(address);
  }

  sendAhead(sequence: number): void {
    this.#aheadTo = sequence;
  }

  onUp(address: string, nowMs: number): void {
    const peer = this.known(address);
    peer.isUp = true;
    peer.greeting = undefined;
    peer.judgement = undefined;
    peer.verdict = undefined;
    peer.outgoing = undefined;
    peer.wantsAck = false;
    peer.isGreetedAgain = false;
    peer.stopTaking();
    this.greet(peer);
    this.#contact(peer, nowMs);
  }

  onDown(address: string, nowMs: number): void {
    const peer = this.known(address);
    peer.isUp = false;
    peer.outgoing = undefined;
    peer.silentSinceMs ??= nowMs;
    peer.stopTaking();
  }

  onSilent(address: string, silentMs: number, nowMs: number): void {
    const peer = this.known(address);
    peer.silentSinceMs ??= nowMs - silentMs;
    peer.stopTaking();
    this.#options.emit({ type: 'report', report: { type: 'cut', peer: address } });
  }

  onHeard(address: string, nowMs: number): void {
    this.#contact(this.known(address), nowMs);
  }

  /** This process stood still: its peers have not heard it, so its links were as good as cut. */
  onPaused(pausedMs: number, nowMs: number): void {
    if (pausedMs < limits.cutMs) return;
    for (const peer of this.#peers.values()) {
      if (!peer.isUp) continue;
      peer.silentSinceMs ??= nowMs - pausedMs;
      peer.stopTaking();
      this.#contact(peer, nowMs);
    }
  }

  /** This replica goes on under another identity: every peer is told, and judged anew. */
  greetAll(): void {
    this.#aheadTo = 0;
    for (const peer of this.#peers.values()) {
      // What those have confirmed that are away was of the former identity as well.
      peer.acked = 0;
      if (!peer.isUp) continue;
      peer.outgoing = undefined;
      peer.stopTaking();
      this.greet(peer);
    }
    this.judgeAll();
  }

  greet(peer: Peer): void {
    this.#options.reception.greet(peer);
  }

  judgeAll(): void {
    for (const peer of this.#peers.values()) this.#options.reception.judge(peer);
  }

  onMessage({ from, kind, payload, nowMs, wallMs }: Extract<Event, { type: 'message' }>): void {
    const peer = this.known(from);
    if (!peer.isUp) return;
    try {
      this.#receive(peer, kind, payload, nowMs, wallMs);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.garbage(from, error.message);
    }
  }

  /** What it sends is none of ours: nothing more is taken from this connection. */
  garbage(from: string, what: string): void {
    const { emit } = this.#options;
    emit({ type: 'report', report: { type: 'peer-garbage', peer: from, what } });
    emit({ type: 'cut-off', peer: from });
  }

  /** Asks those that are due. */
  pullDue(nowMs: number): void {
    if (this.#options.ledger.isPublishing) return;
    for (const peer of this.#peers.values()) {
      if (peer.askAtMs <= nowMs) this.#pull(peer, nowMs);
    }
  }

  /** Asks everybody as soon as may be: what they sent meanwhile was not taken. */
  pullSoon(nowMs: number): void {
    for (const peer of this.#peers.values()) {
      if (!peer.takes) continue;
      peer.hasDropped = true;
      peer.pullDueMs = nowMs;
    }
  }

  /** Tells peers that wait for it what is durable here. */
  ackAll(): void {
    for (const peer of this.#peers.values()) if (peer.wantsAck) this.#ack(peer);
  }

  /** How many disks have the own record, this one included. */
  copiesOf(sequence: number): number {
    const { state } = this.#options.ledger;
    let copies = 1;
    for (const peer of this.#peers.values()) {
      if (peer.acked >= sequence && state.members.has(peer.address)) copies++;
    }
    return copies;
  }

  /**
   * The next message of records for a peer; undefined when there is nothing to send it. Asked for between
   * events, as fast as the link takes them.
   */
  nextRecords(address: string): Uint8Array | 'too-far-behind' | undefined {
    const peer = this.#peers.get(address);
    if (peer?.outgoing === undefined || peer.judgement !== 'open') return undefined;
    const { intake, own, buffers } = this.#options.ledger;
    return nextBatch(intake, own.origin, peer.outgoing, {
      aheadTo: this.#aheadTo,
      bytesMax: buffers.batchBytesMax,
    });
  }

  /** What a peer lacks is no longer in the log. */
  onBehind(address: string): void {
    const peer = this.#peers.get(address);
    if (peer?.outgoing !== undefined) this.#sendSnapshot(peer, peer.outgoing.epoch, peer.outgoing.had);
  }

  /** Sends all there is, or all beyond a vector. */
  #sendSnapshot(peer: Peer, epoch: number, beyond: ReadonlyMap<string, number> | undefined): void {
    peer.outgoing = undefined;
    if (!this.canSendSnapshot(peer)) return;
    peer.isSentSnapshot = true;
    this.#scans++;
    const { state, buffers } = this.#options.ledger;
    const scan = new Scan(state, { beyond, buffers });
    const head = { epoch, isWhole: beyond === undefined };
    this.#options.emit({ type: 'send-snapshot', to: peer.address, head, scan });
  }

  canSendSnapshot(peer: Peer): boolean {
    return !peer.isSentSnapshot && this.#scans < limits.snapshotsMax;
  }

  sendWhole(peer: Peer, epoch: number): void {
    this.#sendSnapshot(peer, epoch, undefined);
  }

  onSnapshotSent(address: string, scan: Scan): void {
    scan.close();
    this.#scans--;
    const peer = this.#peers.get(address);
    if (peer !== undefined) peer.isSentSnapshot = false;
  }

  /** The earliest moment at which a peer is to be asked. */
  get dueMs(): number {
    let dueMs = Number.POSITIVE_INFINITY;
    if (this.#options.ledger.isPublishing) return dueMs;
    for (const peer of this.#peers.values()) {
      dueMs = Math.min(dueMs, peer.askAtMs);
    }
    return dueMs;
  }

  #receive(peer: Peer, kind: number, payload: Uint8Array, nowMs: number, wallMs: number): void {
    switch (kind) {
      case messageKinds.greet:
        this.#onGreeting(peer, payload, nowMs);
        break;
      case messageKinds.verdict:
        peer.verdict = decodeVerdict(payload);
        this.#options.onVerdict(peer, peer.verdict, nowMs);
        break;
      case messageKinds.pull:
        this.#onPull(peer, payload);
        break;
      case messageKinds.records:
        this.#onRecords(peer, payload, nowMs, wallMs);
        break;
      case messageKinds.ack: {
        const { origin, sequence } = decodeAck(payload);
        if (origin === this.#options.ledger.own.origin) peer.acked = Math.max(peer.acked, sequence);
        break;
      }
      case messageKinds.join: {
        const join = decodeJoin(payload);
        if (peer.mayJoin) this.#options.onJoin(peer, join);
        break;
      }
      default:
        throw new MalformedBytes(`A message of kind ${kind} is unknown.`);
    }
  }

  #onGreeting(peer: Peer, payload: Uint8Array, nowMs: number): void {
    const isNew = this.#options.reception.onGreeting(peer, decodeGreeting(payload));
    peer.acknowledged = 0;
    if (isNew) {
      peer.isHealing = false;
      peer.acked = 0;
    }
    // Who has just started is asked at once; a link that was cut waits its time.
    if (!peer.isHealing) peer.pullDueMs = nowMs;
  }

  #onPull(peer: Peer, payload: Uint8Array): void {
    const { epoch, accepted } = decodePull(payload);
    if (peer.judgement !== 'open' || peer.isSentSnapshot) return;
    const { ledger } = this.#options;
    const sent = new Map(accepted);
    if (peer.outgoing?.epoch === epoch) {
      for (const [origin, sequence] of peer.outgoing.sent) raise(sent, origin, sequence);
    }
    const { log } = ledger.intake;
    const cursor = log.positionFor(ledger.intake.accepted, sent);
    if (cursor === undefined) this.#sendSnapshot(peer, epoch, accepted);
    else peer.outgoing = { epoch, had: accepted, sent, cursor, catchUpEnd: log.end };
  }

  #onRecords(peer: Peer, payload: Uint8Array, nowMs: number, wallMs: number): void {
    const { ledger, emit } = this.#options;
    const { epoch, wantsAck, records } = decodeRecords(payload);
    if (!peer.isTaken || epoch !== peer.epoch) return;
    if (ledger.isPublishing || this.isDiskFull) {
      peer.hasDropped = true;
      return;
    }
    for (const bytes of records) {
      const encoded = decodeRecord(bytes);
      const { stamp, group, origin, sequence } = encoded.record;
      if (group !== ledger.group) throw new MalformedBytes('A record is of another group.');
      if (origin === ledger.own.origin && sequence > ledger.ownSequence) {
        throw new MalformedBytes('A record is said to be of this replica, which never wrote it.');
      }
      if (stamp > highestStamp(wallMs)) {
        const report = { type: 'stamp-refused', peer: peer.address, stamp } as const;
        if (peer.isReportDue('stamp-refused', nowMs)) emit({ type: 'report', report });
        peer.hasDropped = true;
        return;
      }
      const taken = ledger.take(encoded);
      if (taken === 'dropped') peer.hasDropped = true;
      // It does not know that it was told.
      else if (taken === 'known') peer.acknowledged = 0;
    }
    if (!wantsAck) return;
    peer.wantsAck = true;
    // When all of it was known already, no more becomes durable that would bring the acknowledgement.
    if (ledger.intake.undurable === 0) this.#ack(peer);
  }

  #pull(peer: Peer, nowMs: number): void {
    const { ledger, antiEntropyMs, prng, emit } = this.#options;
    if (!peer.takes || peer.hasDropped) {
      peer.epoch++;
      peer.takes = true;
      // What is held may be in the way of what is asked for anew.
      if (peer.hasDropped) ledger.intake.dropHeld();
      peer.hasDropped = false;
    }
    peer.pullDueMs = nowMs + antiEntropyMs * (0.8 + 0.4 * prng.fraction());
    emit({
      type: 'report',
      report: { type: 'exchange', peer: peer.address, isFirstAfterCut: peer.isHealing },
    });
    peer.isHealing = false;
    this.#send(
      peer,
      messageKinds.pull,
      encodePull({ epoch: peer.epoch, accepted: ledger.intake.accepted }),
    );
  }

  #contact(peer: Peer, nowMs: number): void {
    const { antiEntropyMs, prng } = this.#options;
    const silentMs = peer.silenceMs(nowMs);
    peer.silentSinceMs = undefined;
    peer.lastHeardMs = nowMs;
    if (silentMs <= limits.cutMs) {
      if (!peer.isHealing) peer.pullDueMs = nowMs;
      return;
    }
    const { healPeriodsMin, healPeriodsMax } = limits;
    const periods = healPeriodsMin + (healPeriodsMax - healPeriodsMin) * prng.fraction();
    peer.isHealing = true;
    peer.pullDueMs = nowMs + antiEntropyMs * periods;
  }

  #ack(peer: Peer): void {
    const { ledger } = this.#options;
    const origin = peer.greeting?.origin;
    if (origin === undefined) return;
    const sequence = sequenceOf(ledger.state.applied, origin);
    if (ledger.intake.undurable === 0 && ledger.intake.held === 0) peer.wantsAck = false;
    if (sequence === peer.acknowledged) return;
    peer.acknowledged = sequence;
    this.#send(peer, messageKinds.ack, encodeAck({ origin, sequence }));
  }

  #send(peer: Peer, kind: number, payload: Uint8Array): void {
    this.#options.emit({ type: 'send', to: peer.address, kind, payload });
  }
}
