/** Bounds of a host. */
export const limits = {
  /** Faults a drill may have injected at the same time. */
  faultsMax: 100,
  /** Bytes queued on one connection before `write` asks its caller to wait. */
  connectionQueueBytesMax: 1024 * 1024,
} as const;
