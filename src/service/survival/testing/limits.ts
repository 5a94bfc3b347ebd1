/** Bounds of what these tests start and wait for. */
export const limits = {
  /** For a process to start, or to say what it is asked: a busy machine takes seconds. */
  messageWaitMs: 45_000,
  /** Of a program's output, told when it fails. */
  linesKept: 20,
  /** How often the load looks at what is due. */
  loadTickMs: 2,
  /** How often a condition is looked at, and for how long. */
  pollMs: 10,
  pollMsMax: 30_000,
} as const;
