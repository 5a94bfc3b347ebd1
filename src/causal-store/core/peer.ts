import { limits } from '../limits.ts';
import type { Greeting, Judgement, Verdict } from '../messages.ts';
import type { Outgoing } from './outgoing.ts';
import type { Dot } from './record.ts';

/** One other replica, as far as this one has to do with it. All times are of the own monotonic clock. */
export class Peer {
  readonly address: string;
  isUp = false;
  /** When it was last heard of; undefined: never, in this life. */
  lastHeardMs: number | undefined;
  /** Set while nothing is heard from it. */
  silentSinceMs: number | undefined;
  greeting: Omit<Greeting, 'applied'> | undefined;
  /** The incarnation that greeted last, in this connection or an earlier one. */
  lastOrigin: string | undefined;
  /** It greeted with less than it once claimed to have, with this for one: its disk is an old copy. */
  forgotten: Dot | undefined;
  /** It judged this replica by a greeting that was out of date, and was sent another; once a connection. */
  isGreetedAgain = false;
  /** What this replica makes of it, and it of this one. */
  judgement: Judgement | undefined;
  verdict: Verdict | undefined;

  /** Receiving. Records count only under the present epoch, and only once it was asked for. */
  epoch = 0;
  takes = false;
  /** When it is asked next, if it is heard of then. */
  pullDueMs = 0;
  isHealing = false;
  /** Something it sent was dropped: the next question must begin anew. */
  hasDropped = false;
  /** It waits to be told that what it sent is durable. */
  wantsAck = false;
  /** Up to here its records were acknowledged to it. */
  acknowledged = 0;

  /** Sending. */
  outgoing: Outgoing | undefined;
  /** Up to here it has confirmed the present incarnation's records as durable. */
  acked = 0;
  /** A snapshot is on its way to it. */
  isSentSnapshot = false;

  /** When each of what is reported of it now and then was reported last. */
  readonly #reportedMs = new Map<string, number>();

  constructor(address: string) {
    this.address = address;
  }

  /** Whether it is time to report this again: it goes on for as long as nobody does anything about it. */
  isReportDue(what: 'fenced' | 'stamp-refused', nowMs: number): boolean {
    const isDue = nowMs >= (this.#reportedMs.get(what) ?? Number.NEGATIVE_INFINITY) + limits.warnEveryMs;
    if (isDue) this.#reportedMs.set(what, nowMs);
    return isDue;
  }

  /** Nothing that it sent before counts any more. */
  stopTaking(): void {
    this.epoch++;
    this.takes = false;
  }

  /** Whether it is to be let in: as one that is not counted on, or that does not know this replica. */
  get mayJoin(): boolean {
    if (this.judgement === 'open') return this.verdict?.judgement === 'rejoin';
    return this.judgement === 'rejoin' || this.judgement === 'restored';
  }

  /** Whether both sides agree that it is a member to be exchanged with. */
  get isOpen(): boolean {
    return this.isUp && this.judgement === 'open' && this.verdict?.judgement === 'open';
  }

  /** Whether what it sends under the present epoch is taken. */
  get isTaken(): boolean {
    return this.takes && this.isOpen;
  }

  /** When it may be asked next; never while nothing is heard from it. */
  get askAtMs(): number {
    return this.isOpen && this.silentSinceMs === undefined ? this.pullDueMs : Number.POSITIVE_INFINITY;
  }

  /** How long it has been silent, at least. */
  silenceMs(nowMs: number): number {
    return this.silentSinceMs === undefined ? 0 : nowMs - this.silentSinceMs;
  }
}
