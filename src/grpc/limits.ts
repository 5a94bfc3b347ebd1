/** Bounds of gRPC connections, both sides. */
export const limits = {
  /** One message; gRPC's own default. */
  messageBytesMax: 4 * 1024 * 1024,
  /** Unfinished messages that one server holds, all calls together; a call that brings more is refused. */
  heldBytesMax: 64 * 1024 * 1024,
  /** Calls under way on one connection. */
  streamsPerConnectionMax: 1_000,
  /**
   * Calls that a caller may cancel on one connection at once, and in each second after that, before it
   * counts as an attack (CVE-2023-44487): as many as a service handles, for all may time out together.
   */
  streamResetBurst: 4_096,
  streamResetsPerS: 4_096,
  /** What Node may hold for one connection, in MB; beyond it streams are reset. 1,000 calls of 1 MB fit. */
  sessionMemoryMb: 1_024,
  /** All header fields of one request, names and values. */
  headerBytesMax: 16 * 1024,
  headerPairsMax: 100,
  /** Bytes a peer may send ahead on one connection, and on one stream. */
  connectionWindowBytes: 4 * 1024 * 1024,
  streamWindowBytes: 512 * 1024,
  /** `grpc-message` on the wire, after percent-encoding. */
  statusMessageLengthMax: 2_000,
  /** From a call's header to the end of its message, where it has one. */
  requestTimeoutMs: 60_000,
  /** For the rest of a request whose answer has been sent already. */
  lingerMs: 1_000,
  /** For a connection to stand. */
  connectTimeoutMs: 1_000,
  /** For a peer that has been silent to answer a PING; after that its connection counts as dead. */
  pingTimeoutMs: 500,
} as const;
