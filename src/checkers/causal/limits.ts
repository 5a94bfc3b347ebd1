/** Bounds of the causal checker. */
export const limits = {
  operationsMax: 1 << 24,
  /** Clocks have an entry for each session. */
  sessionsMax: 4_096,
  /** Entries of all clocks kept, four bytes each: a clock for every operation. */
  clockEntriesMax: 1 << 28,
  /** Elements of one list of numbers, such as that of the orders between writes found by inference. */
  intsMax: 1 << 28,
  /**
   * How often what is newly known about which deletes were seen is followed up. Past that the check stays
   * sound and says less; every round but the last settles a read.
   */
  absentRoundsMax: 32,
  /** Reads and cycles looked at for the smallest proof. Short histories have fewer: theirs is smallest. */
  cyclesMax: 64,
  /** Characters of a key or value in a counter-example. */
  nameCharsMax: 60,
} as const;
