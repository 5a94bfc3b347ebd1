/** Bounds of the gateway. */
export const limits = {
  /** A whole request, attempts included. Longer than a service's own calls, so that it may explain. */
  requestTimeoutMs: 6_000,
  bodyBytesMax: 1024 * 1024,
} as const;
