/** Defaults and bounds of links. */
export const limits = {
  /** Something is sent at least this often, if only to be heard. */
  heartbeatMs: 250,
  /** A peer not heard for so long is silent: two heartbeats were missed. */
  silenceMs: 750,
  /** A peer not heard for so long is gone: its connection is dropped. */
  deadMs: 2_000,
  /** What waits for an answer and wakes late, because this process did not run, reads for so long first. */
  graceMs: 50,

  /** From dialling to a connection that stands. */
  connectMs: 1_000,
  /** From there, or from accepting, to the end of the handshake. */
  handshakeMs: 2_000,
  /** Before the next dial, at random up to a ceiling that starts at the first and doubles to the second. */
  backoffMinMs: 50,
  backoffMaxMs: 500,
  /** Instead of that, after a refusal that dialling again soon will not change: another key, for one. */
  refusedRetryMs: 2_000,
  /** The same after a peer has closed a link that had not stood, doubled each time up to this. */
  closedRetryMaxMs: 8_000,
  /** A link that stood for so long makes the next wait a first one again. */
  stoodMs: 1_000,
  /** What is queued, or a refusal, may take so long to leave before a connection is dropped. */
  closeMs: 1_000,

  /** Accepted connections whose handshake is not over, refused ones on their way out among them. */
  handshakesMax: 64,
  /** One frame of a handshake. Each side sends three at most. */
  handshakeFrameBytesMax: 2_048,
  addressBytesMax: 255,
  sessionBytesMax: 64,
  /** What a user says in its hello. */
  helloBytesMax: 1_024,
  /** A reason told to the peer. */
  reasonBytesMax: 200,

  linksMax: 1_000,
  /** One message, request, answer, or write to a stream. */
  payloadBytesMax: 4 * 1024 * 1024,
  /** What waits to be sent. Beyond this no message or request is taken, and streams wait. */
  queueBytesMax: 4 * 1024 * 1024,
  /** Answers and control frames are taken beyond that. A peer that leaves so much unread is dropped. */
  queueBytesHardMax: 64 * 1024 * 1024,
  /** Requests under way, to a peer and from it. */
  requestsMax: 1_024,
  requestsServedMax: 1_024,
  /** What is held for the latter. Beyond this nothing more is read from that peer. */
  requestsServedBytesMax: 16 * 1024 * 1024,
  /** Streams that stand, opened here and opened by the peer. */
  streamsMax: 256,
  streamsServedMax: 256,
  /** What a stream's writer may send before its reader has consumed any. */
  streamWindowBytes: 256 * 1024,
  /** One piece of a stream: a message waits behind no more than this of each stream. */
  streamFrameBytesMax: 64 * 1024,
  /** Of all streams together, each time frames are sent. */
  streamFlushBytesMax: 256 * 1024,
  /** What an injected fault holds back before nothing more is read. */
  heldBytesMax: 1024 * 1024,
} as const;

export type LinkLimits = { readonly [Name in keyof typeof limits]: number };
