/** Bounds and periods of the command line and of `up`. */
export const limits = {
  /** First pause before a process that ended is started again; it doubles up to the second. */
  backoffFirstMs: 50,
  backoffMaxMs: 1000,
  /** A process that lived this long is no longer crashing: the next pause is the first one again. */
  steadyMs: 5000,
  /** How long a process may drain before it is killed. */
  drainMaxMs: 12_000,
  /** How long `up` waits for everything to be ready before it shows what is not. */
  readyWaitMaxMs: 15_000,
  /** How long a restarted instance waits to be listed by the registry. */
  listedWaitMaxMs: 5000,
  /** From the registry's list to those who watch it, before the next instance is stopped. */
  watchersHearMs: 200,
  /** How long a command waits for the instances it restarts, all together. */
  restartAllMaxMs: 30 * 60_000,
  /** How long the others wait for the registry when everything starts. */
  registryWaitMaxMs: 3000,
  /** How long ports held by the orphans of a killed `up` are waited for. */
  orphansWaitMaxMs: 3000,
  portPollMs: 50,
  /** How long the last output of a dead process is waited for before its end is reported. */
  lastOutputWaitMs: 50,
  /** How long news of an ended instance may take to the registry. */
  registryNoticeMaxMs: 500,

  /** Bytes of one line of output; the rest of a longer one is cut off. */
  lineBytesMax: 64 * 1024,
  /** Lines of each process kept to find what it said last. */
  lastLinesMax: 40,
  logFileBytesMax: 10 * 1024 * 1024,
  /** Once per this a log file that cannot be written is tried again, and one that is gone is noticed. */
  logLookMs: 1000,
  /** Output that a slow terminal has not taken yet; what comes on top is only in the log files. */
  outputQueueBytesMax: 1024 * 1024,
  logLinesDefault: 100,
  /** Bytes read from the end of each log file to find the last lines. */
  logTailBytesMax: 1024 * 1024,
  logPollMs: 150,

  /** How long one answer of the control server may take, unless it waits for processes. */
  controlAnswerMaxMs: 3000,
  controlBodyBytesMax: 64 * 1024,
  controlConnectionsMax: 256,
  /** Connections that have not shown the key: the oldest is closed for one more. */
  controlStrangersMax: 32,
  /** How often connections without a whole request are looked for. */
  controlCheckMs: 500,
  /** How long another `up` may take from claiming the data folder to answering. */
  claimSettleMaxMs: 3000,
  /** Once per this a running `up` looks whether its record is still there. */
  recordLookMs: 1000,
  /** How long others wait for it to mend a record that cannot be read. */
  recordHealMaxMs: 2500,

  /** Once per this the parent is looked at. */
  parentPollMs: 500,
  parentsMax: 8,
  /** Signals that come this close together are one: npm passes Ctrl-C on to a process that got it already. */
  sameSignalMs: 30,
  sameSignalUnderNpmMs: 300,
  /** How often a guard that somebody killed is replaced. */
  guardsMax: 10,
  /** How long killed processes are waited for before `up` ends. */
  killWaitMaxMs: 1000,
  /** How long a config may take to load before help does without it. */
  helpConfigWaitMaxMs: 2000,
  /** How long a process may take to say whom it calls and how. */
  explainTimeoutMs: 3000,
} as const;
