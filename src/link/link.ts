import type { Introduction } from './core/handshake-events.ts';

/**
 * The one connection to another process of ours, or what keeps it up. No callback of a link comes inside a
 * call to it. A payload handed out is the receiver's to keep; it may share memory with its neighbours in a
 * received chunk, so what is kept for long should be copied.
 */
export interface Link {
  /** Where the peer can be dialled, `host:port`: who it is. */
  readonly address: string;
  /** Undefined while the link is down. */
  readonly peer: Peer | undefined;
  /** Nothing has been heard of the peer for `silenceMs`. */
  readonly silent: boolean;
  /** Taken and not yet handed to the connection. */
  readonly queuedBytes: number;
  /**
   * Sends a message: `kind` is a whole number below 2^16, `payload` at most `payloadBytesMax` bytes, which
   * must not change any more. True: it is taken, and arrives once, in order, unless the link goes down
   * before. False: it is not. Either the link is down, or its queue is over its bound: the listener's
   * `drained` follows.
   */
  send(kind: number, payload: Uint8Array): boolean;
  /** Asks the peer. `done` is called once, later. */
  request(
    kind: number,
    payload: Uint8Array,
    timeoutMs: number,
    done: (outcome: RequestOutcome) => void,
  ): void;
  /**
   * Opens a stream of bytes, both ways. Undefined while the link is down, has too many streams, or has a
   * queue over its bound.
   */
  openStream(kind: number, payload: Uint8Array, handlers: StreamHandlers): LinkStream | undefined;
  /** Sends what is queued now rather than at the end of this turn. */
  flush(): void;
  /**
   * Sends what is queued, then ends; the peer sees `closed`. From here on it is not dialled any more and
   * takes nothing; a later `connect` makes another link, and so does a peer that wants one and dials again.
   * Closing twice does nothing.
   */
  close(): void;
}

/** Who is at the other end while a link is up. */
export interface Peer extends Omit<Introduction, 'streamWindowBytes'> {
  /** Of this connection, the same on both sides; a later connection has a higher one. */
  readonly number: number;
}

export interface DownReason {
  /**
   * closed: on purpose, by either side; lost: the connection broke, or the peer's process ended; dead:
   * nothing was heard for `deadMs`; replaced: a newer connection to the same peer took its place; garbage:
   * the peer broke the protocol; overflow: it left too much unread.
   */
  readonly kind: 'closed' | 'lost' | 'dead' | 'replaced' | 'garbage' | 'overflow';
  /** For people. */
  readonly message: string;
}

export type RequestOutcome =
  | { readonly kind: 'answered'; readonly payload: Uint8Array }
  /** The peer says no, in its words: its user does, or nobody takes requests there, or too many are. */
  | { readonly kind: 'refused'; readonly reason: string }
  /** Too many are under way, or the queue is over its bound: it was not sent. */
  | { readonly kind: 'busy' }
  /** No answer in time; it may have been delivered. */
  | { readonly kind: 'timeout' }
  /** The link is down, or went down. False: the peer cannot have got it. */
  | { readonly kind: 'down'; readonly mayHaveBeenDelivered: boolean };

/** How to answer a request. The first call counts, while the link is up. */
export interface Reply {
  /** At most `payloadBytesMax` bytes, which must not change any more. */
  answer(payload: Uint8Array): void;
  /** The reason is cut to `reasonBytesMax` bytes. */
  refuse(reason: string): void;
}

/**
 * A stream of bytes each way, apart from messages and other streams: however slow its reader, they go on.
 * What is written in one piece may arrive in several and the other way round.
 */
export interface LinkStream {
  readonly link: Link;
  /**
   * At most `payloadBytesMax` bytes, which must not change any more. False: they are not taken. Either the
   * reader has not consumed enough, and `writable` follows, or the stream is over.
   */
  write(bytes: Uint8Array): boolean;
  /** So many of the received bytes are dealt with: the writer may send as many more. */
  consumed(byteCount: number): void;
  /** This side writes no more. What was taken is still sent. */
  end(): void;
  /** Ends both directions at once; the peer's `closed` gets the reason, cut to `reasonBytesMax` bytes. */
  reset(reason: string): void;
}

export interface StreamHandlers {
  data(bytes: Uint8Array): void;
  /** Comes only after `write` has returned false: writing may go on. */
  writable?(): void;
  /** The other side writes no more. */
  ended?(): void;
  /** The last call, exactly one. Without a reason: both sides have ended. */
  closed(reason?: string): void;
}

/** What a process does with its links. None of these must throw. */
export interface LinkListener {
  up(link: Link, peer: Peer): void;
  /** Exactly one for each `up`. Requests and streams have ended before. */
  down(link: Link, reason: DownReason): void;
  silent?(link: Link): void;
  /** A silent peer is heard again, on the same connection. */
  heard?(link: Link, silentMs: number): void;
  /**
   * This process did not run for so long, or up to `heartbeatMs` longer (stopped, swapped out): the peers it
   * has links with have not heard it. Comes before anything that was received from any of them meanwhile.
   */
  paused?(pausedMs: number): void;
  message(link: Link, kind: number, payload: Uint8Array): void;
  /**
   * Each has to be answered or refused: they are bounded. While those of a peer that are not yet hold more
   * than `requestsServedBytesMax`, nothing is read from it, so no answer should need more of the same peer.
   * Without this every request is refused.
   */
  request?(link: Link, kind: number, payload: Uint8Array, reply: Reply): void;
  /** A stream the peer opens; undefined refuses it. Without it every stream is refused. */
  stream?(link: Link, kind: number, payload: Uint8Array, stream: LinkStream): StreamHandlers | undefined;
  /** After `send` has returned false: the queue is short again. */
  drained?(link: Link): void;
}
