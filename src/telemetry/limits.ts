/** Bounds of telemetry. */
export const limits = {
  /** Characters of log lines that wait for their destination; lines beyond are dropped and counted. */
  logWaitingCharsMax: 4 * 1024 * 1024,
  /** Characters of one field's value; the rest is cut off and its length noted. */
  logValueCharsMax: 32 * 1024,
  /** Nested objects in a field are followed this deep. */
  logDepthMax: 5,
  /** Entries of one nested object or array that are shown. */
  logEntriesMax: 100,
  /** How long a destination that takes no more bytes is left alone before the next try. */
  logRetryMs: 20,
  /** How long a process that ends waits for a slow destination to take the last lines. */
  logFlushTimeoutMs: 500,
} as const;
