/** Defaults and bounds of a journal. */
export const limits = {
  recordBytesMax: 8 * 1024 * 1024,
  /** Of a segment, unless the journal is opened with another size. */
  segmentBytes: 16 * 1024 * 1024,
  segmentBytesMin: 256,
  segmentBytesMax: 256 * 1024 * 1024,
  /** Of records in one write, unless a single record is larger. */
  writeBytesMax: 1024 * 1024,
  /** Of records accepted and not yet durable: one more is refused as `busy`. */
  queueBytesMax: 16 * 1024 * 1024,
  /** Of zeros in one write, while a segment is made: commits go in between. */
  zeroBytesMax: 1024 * 1024,
  /** Of one read while a journal is opened, unless a record is larger. */
  readBytes: 1024 * 1024,
  /** Of a snapshot that are asked of its source and written before others get their turn. */
  snapshotTurnBytes: 256 * 1024,
  /** First pause before a full disk is tried again; doubled at each try for a segment up to the second. */
  fullRetryMs: 200,
  fullRetryMsMax: 2000,
  /** Of bytes whose checksums are computed in the search for a later write behind damage. */
  searchBytesMax: 256 * 1024 * 1024,
  /** Damages whose bytes are kept aside; the oldest make room. */
  damagesKeptMax: 4,
} as const;
