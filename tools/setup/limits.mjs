export const limits = {
  nodeMajorMin: 20,
  waitMsMax: 15 * 60_000,
  waitStepMs: 200,
  heartbeatMs: 5_000,
  /** A lock nobody has touched for this long is stale, even when its process number is in use again. */
  lockAgeMsMax: 60_000,
  npmOutputCharsMax: 64_000,
};
