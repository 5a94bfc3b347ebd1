/** Bounds of what these tests wait for, on a machine that does other things as well. */
export const limits = {
  /** A process that is started, a namespace that is made. */
  startMs: 60_000,
  /** One request: everything that is answered at all is answered sooner. */
  requestMs: 15_000,
  /** What must come about in the end. */
  waitMs: 60_000,
  pollMs: 25,
  /** Sessions of a load. */
  sessionsMax: 64,
  /** Reads under way at once when a final state is read. */
  readsMax: 16,
} as const;
