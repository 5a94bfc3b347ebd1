/** Bounds of what tests wait for; only what is broken takes so long. */
export const limits = {
  /** On a busy machine; of a whole test that starts processes. */
  startMs: 60_000,
  testMs: 120_000,
  requestMs: 15_000,
  waitMs: 20_000,
  pollMs: 20,
  portMin: 20_000,
  portMax: 32_000,
} as const;
