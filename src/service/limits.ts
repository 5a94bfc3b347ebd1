/** Defaults and bounds of a service. Every one can be set in its definition. */
export const limits = {
  /** Connections of all callers together; one more is closed at once. */
  connectionsMax: 10_000,
  /** Requests and gRPC calls being handled; one more is answered 503 with Retry-After. */
  requestsInFlightMax: 4_096,
  /** What Retry-After says then. */
  retryAfterS: 1,
  /** A handler whose caller has left counts as under way until it ends, at most this long. */
  abandonedKeptMs: 30_000,

  /** Request line and header fields together: 8192 characters of text fit, percent-encoded. */
  headBytesMax: 96 * 1024,
  /** Header fields of one request. */
  headersMax: 200,
  /** One part of a path, for example a key. */
  pathPartCharsMax: 96 * 1024,
  bodyBytesMax: 1024 * 1024,

  /** From a connection's first byte, or its acceptance, to the end of the header. */
  headersTimeoutMs: 10_000,
  /** From the first byte of a request to the last of its body. */
  requestTimeoutMs: 60_000,
  /** How often the two above are looked at. */
  timeoutCheckMs: 1_000,
  /** An unused connection; longer than callers of ours keep one, so that they are the ones to close it. */
  keepAliveTimeoutMs: 65_000,
  /** To find out whether somebody listens on the port already. */
  portCheckMs: 500,
  /** An HTTP/2 connection without a call. */
  http2IdleTimeoutMs: 10 * 60_000,
  /** After an error a connection is read this long: a reset would destroy the answer on its way. */
  lingerMs: 1_000,
  /** Dead peers are asked for after this long in silence. */
  tcpKeepAliveMs: 60_000,

  /** For the registry to take it in that the service drains. */
  drainToldMs: 1_000,
  /** Between that and closing the port: callers take their traffic elsewhere. */
  drainNoticeMs: 250,
  /** A connection without a request for this long is closed: one used ten times a second is told before. */
  drainQuietMs: 100,
  /** The port closes after a turn of the event loop shorter than this, or after so many turns. */
  closeTurnMs: 0.02,
  closeTurnsMax: 200,
  /** For requests under way to finish. */
  drainTimeoutMs: 10_000,
  /** For the service's own `onClose` hooks, its calls and its registration to end. */
  closeTimeoutMs: 2_000,
  /** All of the above together when the parent process is gone. */
  orphanDrainMs: 900,
  /** For the answer about a bug to leave before the process ends. */
  bugAnswerMs: 100,
} as const;

export type ServiceLimits = { readonly [Name in keyof typeof limits]: number };
