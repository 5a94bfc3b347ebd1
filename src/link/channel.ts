import {
  type Connection,
  type ConnectionHandlers,
  type Disturbance,
  type Host,
  Lane,
  type Timer,
} from '../host/index.ts';
import { must } from '../std/index.ts';
import { FrameReader } from './frame-reader.ts';
import type { LinkLimits } from './limits.ts';
import type { DownReason } from './link.ts';
import { Outbox } from './outbox.ts';
import { patientTimer } from './patient-timer.ts';
import { magic } from './wire.ts';

export type LinkHost = Pick<Host, 'clock' | 'random' | 'network' | 'faults'>;

/** Who uses a channel: the handshake first, then the link. */
export interface ChannelUser {
  opened?(): void;
  frame(type: number, kind: number, id: number, payload: Uint8Array): void;
  /** Bytes have arrived. Comes before their frames. */
  heard?(nowMs: number): void;
  /** Bytes have left. */
  sent?(nowMs: number): void;
  /** Puts in what has waited for room; true when more waits. */
  fill?(): boolean;
  /** The channel is broken and dropped; nothing comes after this. */
  broke(reason: DownReason): void;
}

/**
 * A connection as frames, both ways. What is put out in one turn leaves in one write at its end; while the
 * connection's queue is full, it stays here. Invariant: after `broke`, `finish` or `destroy` the user hears
 * nothing more.
 */
export class Channel implements ConnectionHandlers {
  readonly out = new Outbox();
  readonly dialled: boolean;
  user: ChannelUser;
  readonly #host: LinkHost;
  readonly #limits: LinkLimits;
  readonly #reader: FrameReader;
  readonly #onInput: () => void;
  readonly #onGone: (channel: Channel) => void;
  readonly #inward: Lane;
  readonly #outward: Lane;
  #connection: Connection | undefined;
  #address: string | undefined;
  #state: 'open' | 'finishing' | 'gone' = 'open';
  #connectionClosed = false;
  #congested = false;
  #overflows = false;
  #reading = true;
  #held = false;
  #flushTimer: Timer | undefined;
  #closeTimer: Timer | undefined;

  constructor(options: {
    readonly host: LinkHost;
    readonly limits: LinkLimits;
    readonly dialled: boolean;
    /** The peer's, when it is known already. */
    readonly address: string | undefined;
    readonly user: ChannelUser;
    /** Something has come from the connection and is dealt with next. */
    readonly onInput: () => void;
    /** The connection is closed: the last call. */
    readonly onGone: (channel: Channel) => void;
  }) {
    this.#host = options.host;
    this.#limits = options.limits;
    this.dialled = options.dialled;
    this.#address = options.address;
    this.user = options.user;
    this.#onInput = options.onInput;
    this.#onGone = options.onGone;
    this.#reader = new FrameReader(options.limits.handshakeFrameBytesMax);
    const disturbance = (): Disturbance | undefined => this.#disturbance();
    this.#inward = new Lane(this.#host.clock, disturbance);
    this.#outward = new Lane(this.#host.clock, disturbance);
    this.out.put(magic);
  }

  attach(connection: Connection): void {
    this.#connection = connection;
  }

  /** From here on faults for this peer apply. */
  identify(address: string): void {
    this.#address = address;
  }

  /** The handshake is over: frames may be as long as a link's are. */
  admit(user: ChannelUser): void {
    this.user = user;
    this.#reader.payloadBytesMax = this.#limits.payloadBytesMax;
  }

  /** Nothing waits to leave. */
  get idle(): boolean {
    return this.out.bytes === 0 && this.#outward.heldBytes === 0;
  }

  /** What is put out will be written at the end of this turn. */
  touch(): void {
    if (this.out.bytes > this.#limits.queueBytesHardMax) this.#overflow();
    if (this.#flushTimer !== undefined || this.#congested || this.#state === 'gone') return;
    this.#flushTimer = this.#host.clock.setTimer(0, () => {
      this.#flushTimer = undefined;
      const more = this.#state === 'open' && this.#hasRoom && this.user.fill?.() === true;
      this.flush();
      if (more) this.touch();
    });
  }

  /** Writes what is put out, as far as the connection takes it. */
  flush(): void {
    if (this.#state === 'gone' || this.out.bytes === 0) return;
    while (this.#hasRoom) {
      const bytes = this.out.take();
      if (bytes === undefined) break;
      if (this.#outward.holds) this.#outward.pass(bytes.length, () => this.#write(bytes, true));
      else this.#write(bytes, false);
    }
    this.#endIfDone();
  }

  /** Nothing is read: its user has enough for now. */
  get held(): boolean {
    return this.#held;
  }

  /** Stops or resumes reading. What has been read already still comes. */
  hold(held: boolean): void {
    this.#held = held;
    this.#readWhileRoom();
  }

  /** Looks at the faults again. */
  review(): void {
    this.#inward.review();
    this.#outward.review();
  }

  /** Sends what is put out, then ends. */
  finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'finishing';
    this.#reader.stop();
    // The end of the peer is to be seen.
    this.hold(false);
    this.#closeTimer = patientTimer(this.#host.clock, this.#limits, this.#limits.closeMs, () => {
      this.destroy();
    });
    this.flush();
    this.#endIfDone();
  }

  /** At once; what is put out is lost. */
  destroy(): void {
    if (this.#state === 'gone') return;
    this.#leave();
    // What an injected fault held back of it, its end, is over now.
    if (this.#connectionClosed) this.#onGone(this);
    else must(this.#connection, 'a connection to destroy').destroy();
  }

  received(bytes: Uint8Array): void {
    this.#onInput();
    if (this.#inward.holds) {
      this.#inward.pass(bytes.length, () => {
        this.#readWhileRoom();
        this.#take(bytes);
      });
      this.#readWhileRoom();
    } else this.#take(bytes);
  }

  opened(): void {
    this.#pass(() => this.user.opened?.());
  }

  drained(): void {
    this.#congested = false;
    this.touch();
  }

  ended(): void {
    this.#onInput();
    this.#pass(() => {
      if (this.#state === 'open') this.#break({ kind: 'lost', message: 'The peer ended the connection.' });
    });
  }

  closed(failure?: { readonly message: string }): void {
    this.#onInput();
    this.#connectionClosed = true;
    this.#pass(() => {
      const wasOpen = this.#state === 'open';
      this.#leave();
      this.#onGone(this);
      if (wasOpen) {
        this.user.broke({ kind: 'lost', message: failure?.message ?? 'The connection was closed.' });
      }
    });
  }

  get #hasRoom(): boolean {
    return !this.#congested && this.#outward.heldBytes <= this.#limits.heldBytesMax;
  }

  #pass(action: () => void): void {
    if (this.#state === 'gone' || !this.#inward.holds) action();
    else this.#inward.pass(0, action);
  }

  #readWhileRoom(): void {
    const reading = !this.#held && this.#inward.heldBytes <= this.#limits.heldBytesMax;
    if (reading === this.#reading) return;
    this.#reading = reading;
    this.#connection?.setReading(reading);
  }

  #take(bytes: Uint8Array): void {
    if (this.#state !== 'open') return;
    this.user.heard?.(this.#host.clock.nowMs());
    const problem = this.#reader.push(bytes, this);
    if (problem !== undefined && this.#state === 'open') {
      this.#break({ kind: 'garbage', message: `The peer ${problem}.` });
    }
  }

  frame(type: number, kind: number, id: number, payload: Uint8Array): void {
    this.user.frame(type, kind, id, payload);
  }

  #write(bytes: Uint8Array, later: boolean): void {
    if (this.#state === 'gone') return;
    if (!must(this.#connection, 'a connection to write to').write(bytes)) this.#congested = true;
    if (this.#state === 'open') this.user.sent?.(this.#host.clock.nowMs());
    if (!later) return;
    this.#endIfDone();
    this.touch();
  }

  #endIfDone(): void {
    if (this.#state === 'finishing' && this.idle) must(this.#connection, 'a connection to end').end();
  }

  #break(reason: DownReason): void {
    this.destroy();
    this.user.broke(reason);
  }

  /** Later, for its user may be in the middle of a call. */
  #overflow(): void {
    if (this.#overflows) return;
    this.#overflows = true;
    this.#host.clock.setTimer(0, () => {
      if (this.#state === 'gone') return;
      this.#break({ kind: 'overflow', message: 'The peer left too much unread.' });
    });
  }

  #leave(): void {
    this.#state = 'gone';
    this.#reader.stop();
    this.#inward.clear();
    this.#outward.clear();
    this.#flushTimer?.cancel();
    this.#closeTimer?.cancel();
  }

  /**
   * A dialled connection is delayed by the host already, under the same address: only what is dropped is
   * held here as well, which makes no difference.
   */
  #disturbance(): Disturbance | undefined {
    if (!this.#host.faults.any || this.#address === undefined) return undefined;
    const disturbance = this.#host.faults.network(this.#address);
    return this.dialled && disturbance?.drop !== true ? undefined : disturbance;
  }
}
