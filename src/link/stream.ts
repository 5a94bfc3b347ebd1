import { assert } from '../std/index.ts';
import type { Flow } from './core/flow.ts';
import type { Link, LinkStream, StreamHandlers } from './link.ts';

/** What a stream needs of those it shares a connection with. */
export interface StreamOwner {
  readonly link: Link;
  readonly payloadBytesMax: number;
  /** It has something to send, or its end. */
  ready(stream: OpenStream): void;
  grant(id: number, byteCount: number): void;
  reset(id: number, reason: string): void;
  /** It is over; its `closed` follows. */
  over(stream: OpenStream): void;
  /** Tells it later that it is over: its user is in the middle of a call. */
  closeLater(stream: OpenStream, reason: string): void;
}

/**
 * One end of a stream. Invariant: `closed` is the last call to its handlers, and is made once. On the side
 * that accepts it nothing is called before it has handlers.
 */
export class OpenStream implements LinkStream {
  readonly link: Link;
  readonly id: number;
  readonly flow: Flow;
  handlers: StreamHandlers | undefined;
  /** It waits for its turn to send. */
  isReady = false;
  readonly #owner: StreamOwner;
  #owesWritable = false;
  #endedHere = false;
  #endSent = false;
  #endedThere = false;
  #over = false;

  constructor(owner: StreamOwner, id: number, flow: Flow) {
    this.#owner = owner;
    this.link = owner.link;
    this.id = id;
    this.flow = flow;
  }

  /** Everything that was written is sent, and the end is next. */
  get endsNow(): boolean {
    return this.#endedHere && !this.#endSent && this.flow.waitingBytes === 0;
  }

  get isOver(): boolean {
    return this.#over;
  }

  write(bytes: Uint8Array): boolean {
    assert(bytes.length <= this.#owner.payloadBytesMax, 'a write is within payloadBytesMax');
    if (this.#over || this.#endedHere) return false;
    if (!this.flow.accepts) {
      this.#owesWritable = true;
      return false;
    }
    this.flow.put(bytes);
    this.#owner.ready(this);
    return true;
  }

  consumed(byteCount: number): void {
    if (this.#over) return;
    assert(byteCount >= 0 && byteCount <= this.flow.unconsumedBytes, 'only what was received is consumed');
    const grant = this.flow.consumed(byteCount);
    if (grant > 0 && !this.#endedThere) this.#owner.grant(this.id, grant);
  }

  end(): void {
    if (this.#over || this.#endedHere) return;
    this.#endedHere = true;
    this.#owner.ready(this);
  }

  reset(reason: string): void {
    if (this.#over) return;
    this.#owner.reset(this.id, reason);
    this.#finish();
    this.#owner.closeLater(this, reason);
  }

  /** Its end has been sent. */
  endSent(): void {
    this.#endSent = true;
    this.#finishIfBothEnded();
  }

  /** False when the peer may not send it. */
  received(bytes: Uint8Array): boolean {
    if (this.#endedThere || !this.flow.received(bytes.length)) return false;
    this.handlers?.data(bytes);
    return true;
  }

  receivedEnd(): boolean {
    if (this.#endedThere) return false;
    this.#endedThere = true;
    this.handlers?.ended?.();
    this.#finishIfBothEnded();
    return true;
  }

  receivedCredit(byteCount: number): boolean {
    if (!this.flow.granted(byteCount)) return false;
    this.#owner.ready(this);
    this.checkWritable();
    return true;
  }

  /** The peer, or the end of the link, has ended it. */
  broke(reason: string): void {
    if (this.#over) return;
    this.#finish();
    this.handlers?.closed(reason);
  }

  checkWritable(): void {
    if (!this.#owesWritable || this.#over || this.#endedHere || !this.flow.accepts) return;
    this.#owesWritable = false;
    this.handlers?.writable?.();
  }

  #finishIfBothEnded(): void {
    if (!this.#endSent || !this.#endedThere || this.#over) return;
    this.#finish();
    this.handlers?.closed();
  }

  #finish(): void {
    this.#over = true;
    this.flow.clear();
    this.#owner.over(this);
  }
}
