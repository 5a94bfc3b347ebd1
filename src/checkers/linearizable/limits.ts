/** Bounds of the linearizability checker. */
export const limits = {
  operationsMax: 1 << 22,
  /** Steps of the model that a check takes, unless it is told: some ten seconds. Then it is undecided. */
  stepsMax: 20_000_000,
  /** Steps that are spent on making a counter-example smaller. */
  shrinkStepsMax: 3_000_000,
  /** Of those that are left, what one try takes at most. */
  shrinkTryShare: 0.1,
  /** Of the configurations that a search remembers. Past that it goes on, and may meet one again. */
  memoBytesMax: 1 << 28,
  /** What a remembered configuration takes besides its characters. */
  memoEntryBytes: 64,
  /** A counter-example is first looked for in so many operations before the one that cannot be placed. */
  windows: [8, 32, 128, 512, 2_048],
  /** Characters of an operation or a state in a counter-example. */
  textCharsMax: 60,
  /**
   * Operations of a counter-example that are drawn: the last so many. Those that only explain what others saw
   * are left out when there would be more.
   */
  drawnMax: 40,
  /** Columns of a diagram. A wider one becomes a list. */
  diagramColumnsMax: 200,
  /** Operations of an order that are named: the last so many. */
  namedMax: 20,
} as const;
