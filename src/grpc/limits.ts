/** Bounds of gRPC connections, both sides. */
export const limits = {
  /** One message; gRPC's own default. */
  messageBytesMax: 4 * 1024 * 1024,
  /** Calls under way on one connection. */
  streamsPerConnectionMax: 1_000,
  /** All header fields of one request, names and values. */
  headerBytesMax: 16 * 1024,
  headerPairsMax: 100,
  /** Bytes a peer may send ahead on one connection, and on one stream. */
  connectionWindowBytes: 4 * 1024 * 1024,
  streamWindowBytes: 512 * 1024,
  /** `grpc-message` on the wire, after percent-encoding. */
  statusMessageLengthMax: 2_000,
} as const;
