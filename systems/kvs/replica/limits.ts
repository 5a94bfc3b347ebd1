/** Bounds and defaults of the key-value store as a service. */
export const limits = {
  /** Of a key, in code points, after percent-decoding. */
  keyCharactersMax: 50,
  /** Keys of one page of a listing: by default, and at most. */
  pageKeys: 100,
  pageKeysMax: 1_000,
  /** What Retry-After says when dependencies are missing, and when the disk has no room. */
  retryAfterS: 1,
  fullRetryAfterS: 5,
  /** A proxy waits so long for the main instance. */
  forwardTimeoutMs: 3_000,
  /** What `CAUSAL_WAIT_MS` and `ANTI_ENTROPY_MS` may be. */
  causalWaitMsMax: 60_000,
  antiEntropyMsMin: 100,
  antiEntropyMsMax: 600_000,
  /** Addresses in `VIEW`, with the own one. */
  viewMax: 256,
  /** A refused link is logged once, then each so many times. Peers of which it is known how often. */
  refusalsEach: 100,
  refusedPeersMax: 512,
} as const;
