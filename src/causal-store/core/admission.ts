import { must } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import { limits } from '../limits.ts';
import { encodeJoin, type Join, messageKinds, type Verdict } from '../messages.ts';
import { isStrangeTo, isTrueOf, mustRejoin } from './door.ts';
import type { Effect, Incoming } from './events.ts';
import type { Exchange } from './exchange.ts';
import { highestStamp, type Ledger } from './ledger.ts';
import { isFormal } from './members.ts';
import type { Rejoining } from './notes.ts';
import type { Peer } from './peer.ts';
import type { MemberChange } from './record.ts';

export interface AdmissionOptions {
  readonly ledger: Ledger;
  readonly exchange: Exchange;
  readonly newId: () => string;
  readonly emit: (effect: Effect) => void;
  /** Whether the word of whoever is at this address counts: a member's, or one named at the start. */
  readonly isTrusted: (address: string) => boolean;
  /** Writes a record that makes a node a member. */
  readonly letIn: (address: string, node: string) => void;
}

/** This replica has asked to be let in. */
interface Joining {
  readonly from: string;
  readonly epoch: number;
  readonly node: string;
  readonly startedAtMs: number;
}

/**
 * Snapshots that come in, and the way back for a replica that is not counted on: it asks a peer to let a
 * new node in at its address; the peer writes that down, for all to know, and sends everything it has.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #joining: Joining | undefined;
  #incoming: Incoming | undefined;
  #epochs = 0;
  #lastAsked: string | undefined;
  /** When there last was a peer to exchange with. */
  #lastOpenMs = 0;
  /** By the sequence of the record that lets it in: who then gets a snapshot. */
  readonly #admitted = new Map<number, { readonly peer: Peer; readonly epoch: number }>();
  /** What comes of a snapshot cannot be kept. One that is only busy gets to it. */
  isDiskFull = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  started(nowMs: number): void {
    this.#lastOpenMs = nowMs;
  }

  onVerdict(peer: Peer, verdict: Verdict, nowMs: number): void {
    const { ledger, exchange } = this.#options;
    const { judgement } = verdict;
    // It goes by a greeting older than what it has heard of this replica since.
    const isOutOfDate = judgement === 'restored' && !isTrueOf(ledger.state, verdict);
    if (isOutOfDate && !peer.isGreetedAgain) {
      peer.isGreetedAgain = true;
      exchange.greet(peer);
    }
    if (judgement === 'fenced' && peer.isReportDue('fenced', nowMs))
      this.#report({ type: 'fenced', by: peer.address });
    this.join(nowMs);
  }

  /** Asks a peer that says it must; the next such one after a while, if that leads to nothing. */
  join(nowMs: number): void {
    const { ledger, exchange, newId, emit, isTrusted } = this.#options;
    if (exchange.hasOpen) this.#lastOpenMs = nowMs;
    if (this.#incoming !== undefined || this.isDiskFull) return;
    if (this.#joining !== undefined && nowMs - this.#joining.startedAtMs < limits.joinMs) return;
    this.#joining = undefined;
    const aloneMs = nowMs - this.#lastOpenMs;
    for (const { isUp, verdict, judgement, address: from } of this.#inTurn()) {
      if (!isUp || verdict === undefined || !isTrusted(from)) continue;
      const isOutdated = aloneMs > limits.outdatedMs && isStrangeTo(judgement, verdict);
      const isLost = aloneMs > limits.lostMs;
      if (!isOutdated && !mustRejoin(ledger.state, ledger.own, from, verdict, isLost)) continue;
      const epoch = ++this.#epochs;
      const node = newId();
      this.#lastAsked = from;
      this.#joining = { from, epoch, node, startedAtMs: nowMs };
      this.#report({ type: 'rejoining', through: from, because: verdict.judgement });
      emit({ type: 'send', to: from, kind: messageKinds.join, payload: encodeJoin({ epoch, node }) });
      return;
    }
  }

  /** All peers, beginning behind the one that was asked last. */
  #inTurn(): Peer[] {
    const peers = [...this.#options.exchange.peers];
    const next = peers.findIndex(({ address }) => address === this.#lastAsked) + 1;
    return [...peers.slice(next), ...peers.slice(0, next)];
  }

  /**
   * A peer asks to be let in. Who is no member itself, for all it hears from others, or about to leap, cannot
   * do that; nor who cannot send it everything now: it asks again. A member that does not know this replica
   * is let in anew by who was let in while it was away.
   */
  onJoin(peer: Peer, { node, epoch }: Join): void {
    const { ledger, exchange, letIn } = this.#options;
    if (ledger.isPublishing || this.isDiskFull || !exchange.canSendSnapshot(peer)) return;
    for (const { isUp, verdict } of exchange.peers) if (isUp && verdict?.judgement === 'fenced') return;
    if (this.#joining !== undefined && !this.#givesWayTo(peer)) return;
    const { members } = ledger.state;
    const own = members.get(ledger.own.address);
    if (own?.presence.present !== true || (peer.judgement === 'open' && !isFormal(own))) return;
    if (!members.has(peer.address) && !members.hasRoomFor(peer.address)) {
      this.#report({ type: 'join-refused', peer: peer.address, membersMax: limits.membersMax });
      return;
    }
    this.#joining = undefined;
    letIn(peer.address, node);
    this.#admitted.set(ledger.ownSequence, { peer, epoch });
  }

  /** Where all ask to be let in and nobody lets in, the one of the lowest incarnation does. */
  #givesWayTo({ greeting }: Peer): boolean {
    return this.#incoming === undefined && (greeting?.origin ?? '') > this.#options.ledger.own.origin;
  }

  /** A record about members, of this replica's own, is durable. */
  applied({ sequence }: MemberChange): void {
    const admitted = this.#admitted.get(sequence);
    if (admitted === undefined) return;
    this.#admitted.delete(sequence);
    this.#options.exchange.sendWhole(admitted.peer, admitted.epoch);
  }

  /** After a cut nothing counts that was asked for before it; who joins has not asked for what is new. */
  onCut(address: string | undefined): void {
    const incoming = this.#incoming;
    if (incoming === undefined || incoming.isWhole) return;
    if (address === undefined || address === incoming.from) this.lost(incoming);
  }

  onPeerDown(address: string): void {
    if (this.#incoming?.from === address) this.lost(this.#incoming);
    else if (this.#joining?.from === address) this.#joining = undefined;
  }

  begins(incoming: Incoming): void {
    const { ledger } = this.#options;
    if (this.#incoming !== undefined || ledger.isPublishing || this.isDiskFull) return;
    if (!this.#isWanted(incoming)) return;
    this.#incoming = incoming;
    ledger.beginStage();
  }

  chunk(incoming: Incoming, chunk: Uint8Array, wallMs: number): void {
    const { ledger, exchange } = this.#options;
    if (!this.isIncoming(incoming) || ledger.isPublishing) return;
    if (this.isDiskFull) {
      this.lost(incoming);
      return;
    }
    try {
      if (ledger.stage(chunk, highestStamp(wallMs))) ledger.publish(this.#rejoining(incoming, wallMs));
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      this.lost(incoming);
      exchange.garbage(incoming.from, error.message);
    }
  }

  /** It broke off. What was staged of it is left where it is; nothing refers to it. */
  lost(incoming: Incoming): void {
    const { ledger, exchange } = this.#options;
    if (!this.isIncoming(incoming) || ledger.isPublishing) return;
    this.#incoming = undefined;
    ledger.abandonStage();
    if (this.#joining?.from === incoming.from) this.#joining = undefined;
    const peer = exchange.peer(incoming.from);
    if (peer !== undefined) peer.hasDropped = true;
  }

  /** The snapshot has become the state. */
  published(keys: number, hasRejoined: boolean): void {
    if (this.#incoming !== undefined)
      this.#report({ type: 'snapshot-taken', from: this.#incoming.from, keys });
    this.#incoming = undefined;
    if (!hasRejoined) return;
    this.#joining = undefined;
    this.#admitted.clear();
  }

  /** Whether it is the answer to the last that was asked of its sender. */
  #isWanted({ from, epoch, isWhole }: Incoming): boolean {
    if (isWhole) return this.#joining?.from === from && this.#joining.epoch === epoch;
    const peer = this.#options.exchange.peer(from);
    return peer?.isTaken === true && peer.epoch === epoch;
  }

  /** Whether this snapshot is the one that comes in. */
  isIncoming({ from, epoch, isWhole }: Incoming): boolean {
    const incoming = this.#incoming;
    return incoming?.from === from && incoming.epoch === epoch && incoming.isWhole === isWhole;
  }

  /** Who this replica becomes with the snapshot; undefined when it stays who it is. */
  #rejoining({ isWhole }: Incoming, wallMs: number): Rejoining | undefined {
    if (!isWhole) return undefined;
    const { ledger, newId } = this.#options;
    const { address } = ledger.own;
    const { node } = must(this.#joining, 'who takes a whole snapshot has asked to be let in');
    const leaves = this.#leftBehind();
    return { node, start: 1, origin: newId(), address, stamp: ledger.nextStamp(wallMs), leaves };
  }

  /**
   * Where the others still look for this disk: it has moved, and its own word on that was never heard. Not
   * where somebody answers: this is a copy of that one's disk then.
   */
  #leftBehind(): string | undefined {
    const { ledger, exchange } = this.#options;
    const { node, address } = ledger.own;
    const known = ledger.staged.header?.members ?? [];
    const left = known.find((member) => member.binding.node === node && member.address !== address);
    if (left === undefined || !left.presence.present) return undefined;
    return exchange.peer(left.address)?.isUp === true ? undefined : left.address;
  }

  #report(report: Extract<Effect, { type: 'report' }>['report']): void {
    this.#options.emit({ type: 'report', report });
  }
}
