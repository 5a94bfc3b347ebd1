import type { ConnectionHandlers, NetworkFailure } from '../../host/index.ts';
import { limits } from '../limits.ts';
import { Patience } from './patience.ts';
import { ReceiveQueue } from './receive-queue.ts';
import { noBytes, type Segment } from './segment.ts';
import { SendQueue } from './send-queue.ts';
import type { Post, Wire } from './wire.ts';

/**
 * One end of a reliable byte stream over packets: TCP in small (RFC 9293), kept by the operating system's
 * side of a simulated machine. A three-way opening, so that a replayed `open` never shows as a connection;
 * positions and cumulative acknowledgements; a receive window with probes; retransmission with doubling
 * waits and on three equal acknowledgements (RFC 5681, 6582); reset when a peer it waits for is silent too
 * long. Invariant: after `closed` was posted, nothing else is.
 */
export class Endpoint {
  readonly connection: number;
  readonly initiator: boolean;
  /** The program's handlers; on the accepting side they come later than the connection. */
  #user: ConnectionHandlers | undefined;
  #post: Post | undefined;
  readonly #wire: Wire;
  readonly #out = new SendQueue();
  readonly #in = new ReceiveQueue();
  #state: 'opening' | 'accepting' | 'open' | 'closed';
  #reading = true;
  #owesDrained = false;
  #destroyed = false;
  #orphaned = false;
  #endDelivered = false;
  #deliveryPosted = false;
  #flushPosted = false;
  #advertisedBytes: number = limits.receiveBytesMax;
  #peerWindowBytes: number = limits.receiveBytesMax;
  readonly #patience: Patience;
  #equalAcks = 0;
  /**
   * Up to here everything sent may have been lost: each step of acknowledgement sends the next piece again.
   */
  #recoverTo = 0;

  constructor(options: { readonly connection: number; readonly initiator: boolean; readonly wire: Wire }) {
    this.connection = options.connection;
    this.initiator = options.initiator;
    this.#wire = options.wire;
    this.#state = options.initiator ? 'opening' : 'accepting';
    this.#patience = new Patience({
      nowMs: options.wire.nowMs,
      after: options.wire.after,
      silenceMsMax: options.wire.silenceMsMax,
      tryAgain: () => this.#tryAgain(),
      giveUp: () => {
        this.#send('reset');
        this.#fail({ kind: 'timeout', message: 'The peer does not answer.' });
      },
    });
  }

  get closed(): boolean {
    return this.#state === 'closed';
  }

  /** First packet: `open`, or the answer to one. */
  start(): void {
    this.#send(this.initiator ? 'open' : 'opened');
    this.#patience.await();
  }

  /** The program takes hold of it. */
  attach(user: ConnectionHandlers, post: Post): void {
    this.#user = user;
    this.#post = post;
    // The program may have destroyed it while it accepted it.
    if (this.closed) this.#postClosed(undefined);
    else this.#deliver();
  }

  /** The program is gone; the operating system says goodbye for it. */
  orphan(abruptly: boolean): void {
    if (this.#state === 'closed') return;
    this.#user = undefined;
    this.#post = undefined;
    this.#orphaned = true;
    if (abruptly || this.#state !== 'open' || this.#in.unreadBytes > 0) this.#abort();
    else this.end();
  }

  write(bytes: Uint8Array, queueBytesMax: number): boolean {
    if (this.#state === 'closed' || this.#out.ending) return false;
    this.#out.push(bytes);
    this.#postFlush();
    if (this.#out.unsentBytes <= queueBytesMax) return true;
    this.#owesDrained = true;
    return false;
  }

  setReading(reading: boolean): void {
    this.#reading = reading;
    if (reading) this.#deliver();
  }

  end(): void {
    if (this.#state === 'closed' || this.#out.ending) return;
    this.#out.end();
    this.#postFlush();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    if (this.#state === 'closed') return;
    this.#abort();
    this.#postClosed(undefined);
  }

  /** A packet for it has arrived. */
  receive(segment: Segment): void {
    if (this.#state === 'closed') {
      if (segment.kind === 'data' || segment.kind === 'probe') this.#send('ack');
      return;
    }
    if (segment.kind === 'reset') {
      this.#fail(
        this.#state === 'opening'
          ? { kind: 'refused', message: 'Nobody listens there.' }
          : { kind: 'reset', message: 'The peer reset the connection.' },
      );
      return;
    }
    this.#patience.heard();
    if (segment.kind === 'open') {
      this.#send('opened');
    } else if (segment.kind === 'opened') {
      this.#opened();
    } else {
      if (this.#state === 'accepting') this.#accepted();
      this.#receiveAck(segment);
      if (this.#orphaned && segment.bytes.byteLength > 0) {
        this.#abort();
        return;
      }
      if (segment.kind === 'data') this.#in.accept(segment.position, segment.bytes, segment.end);
      if (segment.kind !== 'ack') this.#send('ack');
      this.#deliver();
      this.#finishIfDone();
    }
  }

  #opened(): void {
    if (this.#state === 'opening') {
      this.#state = 'open';
      this.#patience.progress(this.#needsAnswer());
      this.#post?.(() => {
        if (!this.#destroyed) this.#user?.opened?.();
      });
    }
    this.#send('ack');
    this.#flush();
  }

  #accepted(): void {
    this.#state = 'open';
    this.#patience.progress(this.#needsAnswer());
    this.#wire.accepted();
  }

  #receiveAck(segment: Segment): void {
    const out = this.#out;
    if (segment.acknowledged < out.acknowledged) return;
    const windowBytes = segment.windowBytes;
    if (out.acknowledge(segment.acknowledged)) {
      this.#equalAcks = 0;
      this.#patience.progress(this.#needsAnswer());
      if (out.acknowledged < this.#recoverTo && out.inFlight > 0) this.#resend();
    } else if (segment.kind === 'ack' && out.inFlight > 0 && windowBytes === this.#peerWindowBytes) {
      this.#equalAcks++;
      if (this.#equalAcks === 3) {
        this.#recoverTo = out.sent;
        this.#resend();
      }
    }
    this.#peerWindowBytes = windowBytes;
    this.#flush();
  }

  #postFlush(): void {
    if (this.#flushPosted || this.#state !== 'open') return;
    this.#flushPosted = true;
    this.#wire.after(0, () => {
      this.#flushPosted = false;
      this.#flush();
    });
  }

  /** Sends what the window has room for. */
  #flush(): void {
    if (this.#state !== 'open') return;
    const out = this.#out;
    while (out.hasUnsent) {
      const room = this.#peerWindowBytes - out.inFlight;
      if (room <= 0 && out.unsentBytes > 0) break;
      const length = this.#wire.cut(Math.max(0, Math.min(room, out.unsentBytes, limits.segmentBytesMax)));
      const { bytes, end } = out.slice(out.sent, length);
      const position = out.sent;
      out.advance(bytes.byteLength, end);
      this.#send('data', position, bytes, end);
    }
    if (this.#needsAnswer()) this.#patience.await();
    if (this.#owesDrained && out.unsentBytes === 0) {
      this.#owesDrained = false;
      this.#post?.(() => {
        if (!this.#destroyed && !this.closed && !out.ending) this.#user?.drained?.();
      });
    }
  }

  #resend(): void {
    const { acknowledged, sent } = this.#out;
    const { bytes, end } = this.#out.slice(
      acknowledged,
      Math.min(limits.segmentBytesMax, sent - acknowledged),
    );
    // The end counts only if it was sent: it may have been said since.
    this.#send('data', acknowledged, bytes, end && acknowledged + bytes.byteLength < sent);
  }

  #needsAnswer(): boolean {
    if (this.#state === 'opening' || this.#state === 'accepting') return true;
    return this.#state === 'open' && (this.#out.inFlight > 0 || this.#out.hasUnsent);
  }

  #tryAgain(): void {
    if (this.#state === 'opening') this.#send('open');
    else if (this.#state === 'accepting') this.#send('opened');
    else if (this.#out.inFlight > 0) {
      this.#recoverTo = this.#out.sent;
      this.#resend();
    } else this.#send('probe');
  }

  #deliver(): void {
    const pending = this.#in.unreadBytes > 0 || (this.#in.finished && !this.#endDelivered);
    if (this.#post === undefined || this.#deliveryPosted || !this.#reading || !pending) return;
    this.#deliveryPosted = true;
    this.#post(() => {
      this.#deliveryPosted = false;
      this.#deliverNow();
    });
  }

  #deliverNow(): void {
    while (this.#reading && !this.#destroyed) {
      const bytes = this.#in.take();
      if (bytes === undefined) break;
      this.#user?.received(bytes);
    }
    if (this.#reading && !this.#destroyed && this.#in.finished && !this.#endDelivered) {
      this.#endDelivered = true;
      this.#user?.ended?.();
    }
    const half = limits.receiveBytesMax / 2;
    if (this.#state === 'open' && this.#advertisedBytes < half && this.#in.windowBytes >= half) {
      this.#send('ack');
    }
    this.#finishIfDone();
  }

  #finishIfDone(): void {
    if (this.#state !== 'open' || !this.#out.finished || !this.#in.finished) return;
    if (!this.#endDelivered && this.#user !== undefined) return;
    this.#state = 'closed';
    this.#patience.end();
    this.#wire.leave(true);
    this.#postClosed(undefined);
  }

  #abort(): void {
    this.#send('reset');
    this.#leave();
  }

  #fail(failure: NetworkFailure): void {
    this.#leave();
    this.#postClosed(failure);
  }

  #leave(): void {
    this.#state = 'closed';
    this.#in.clear();
    this.#patience.end();
    this.#wire.leave(false);
  }

  #postClosed(failure: NetworkFailure | undefined): void {
    this.#post?.(() => {
      this.#user?.closed(this.#destroyed ? undefined : failure);
    });
  }

  #send(kind: Segment['kind'], position = 0, bytes: Uint8Array = noBytes, end = false): void {
    const windowBytes = this.#in.windowBytes;
    this.#advertisedBytes = windowBytes;
    this.#wire.send({ kind, position, bytes, end, acknowledged: this.#in.expected, windowBytes });
  }
}
