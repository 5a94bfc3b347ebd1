/** Defaults and bounds of the registry and its client. */
export const limits = {
  /** How long an instance stays listed without a word from it, unless it asks for another length. */
  leaseMs: 6_000,
  leaseMsMin: 1_000,
  leaseMsMax: 60_000,
  /**
   * Renewed at a third of the lease, and at least this often: a restarted registry must hear from all while
   * it warms.
   */
  renewMsMax: 2_000,
  /** After its start a registry's list counts as incomplete for this long: three renewals of everybody. */
  warmingMs: 6_000,
  /** How often the registry looks for leases that ran out. */
  tickMs: 250,
  /**
   * A registry that was not running for longer than this (paused, swapped out) adds the gap to every lease.
   */
  stallMs: 1_000,
  /**
   * More than half of all leases, and at least this many, running out together look like our own fault:
   * they are kept for a while.
   */
  massExpiryMin: 4,
  massExpiryHoldMs: 30_000,
  /** Once most of them are back, the others get this long: the longest backoff and a renewal. */
  massExpiryRecoverMs: 4_000,
  instancesMax: 10_000,
  /** One instance as JSON. Legal metadata fits in full, if it is plain text. */
  instanceBytesMax: 12 * 1024,
  /** All listed instances as JSON. Beyond that none is added, so that any client can read a snapshot. */
  listBytesMax: 8 * 1024 * 1024,
  /**
   * Changes kept for watchers that resume, and at times twice as many. Older ones get a snapshot. The
   * longest replay, of instanceBytesMax each, has to fit watchersUnreadBytesMax.
   */
  historyMax: 2_048,
  /**
   * A watcher that missed more changes than this, and more than there are instances, gets a snapshot: it is
   * shorter.
   */
  replayMax: 64,
  /** Incarnations remembered as gone for good. */
  fencesMax: 10_000,

  bodyBytesMax: 16 * 1024,
  incarnationCharsMax: 64,
  zoneCharsMax: 64,
  hostCharsMax: 253,
  weightMax: 1_000,
  metadataEntriesMax: 32,
  metadataKeyCharsMax: 64,
  metadataValueCharsMax: 256,

  watchersMax: 2_000,
  /**
   * A watcher that leaves more than this unread, what it began with aside, is cut off; it resumes when it
   * can.
   */
  watcherQueueBytesMax: 256 * 1024,
  /** A watcher that has not taken what it was sent after this long is cut off: its snapshot, for one. */
  watcherTakeMs: 10_000,
  /**
   * What all watchers together leave unread, each frame counted once. Beyond that the watcher that has been
   * behind for longest is cut off.
   */
  watchersUnreadBytesMax: 64 * 1024 * 1024,
  /** A word on every quiet stream this often. */
  keepAliveMs: 2_000,
  /** A stream silent for this long is dead: three keep-alives were missed. */
  silenceMs: 7_000,

  /** From opening a watch stream to the first byte of its answer. */
  openTimeoutMs: 1_000,
  /** A watcher that knows nothing waits this long for any registry before it says `unreachable`. */
  askingMs: 1_000,
  /**
   * After a reconnect, what the registry does not (yet) list is kept for so many of its keep-alives: three
   * whole renewal intervals, measured by the registry itself, however late its stream arrives.
   */
  confirmBeats: 5,
  /** A timer that fires so much too late means that this process did not run. */
  lateWakeMs: 200,
  /** One PUT or DELETE, connecting included. */
  requestTimeoutMs: 1_000,
  /** Deregistration at drain, repeated attempts included. */
  withdrawMs: 1_000,
  /** Backoff base x 2^n up to the cap; the upper half of it is random. */
  backoffMinMs: 100,
  backoffMaxMs: 2_000,
  /**
   * How long to wait after an answer that trying again soon will not change: key refused, superseded,
   * rejected.
   */
  refusedRetryMs: 2_000,

  /** Instances that hold no lease and are probed instead. Each step of the core looks at all of them. */
  enrolmentsMax: 1_000,
  /** Between an answer and the next probe, at most; up to `probeSpread` of it less. */
  probeIntervalMs: 2_000,
  probeSpread: 0.2,
  /** One probe, connecting and the body of its answer included. */
  probeTimeoutMs: 1_000,
  /** Failures in a row that take an instance off the list. */
  probeFailuresMax: 2,
  /** After the first failure; doubled with each further one. */
  probeBackoffMinMs: 1_000,
  probeBackoffMaxMs: 30_000,
  /** All that fail at once, as 1000 that hang, are asked within 16 s. */
  probesUnderWayMax: 64,
  /**
   * What a successful probe renews. Only for when no registry probes any more: it must outlast the longest
   * wait for one of the places above.
   */
  probeLeaseMs: 20_000,
  /** After so long without one success it is probed no more. */
  probeForgetMs: 24 * 60 * 60_000,

  /** One command to Redis, its answer included: shorter than requestTimeoutMs, so that the answer arrives. */
  storeCommandMs: 800,
  /** From connecting to Redis to its first useful answer. */
  storeConnectMs: 2_000,
  /** Commands under way to Redis. Beyond that the registry is busy. */
  storeCommandsMax: 2_000,
  /** How long one question for new changes waits in Redis for one, and how many it takes at a time. */
  storeFollowMs: 250,
  storeFollowMax: 256,
  /** A registry that has not reached for this long what Redis has reads the whole list again. */
  storeBehindMs: 1_000,
  /** When Redis has not answered for this long, watch streams end: another registry may still reach it. */
  storeAwayMs: 3_000,
  /** What is told about an answer of Redis that nobody expected. */
  storeReplyCharsMax: 200,
  storePrefixCharsMax: 128,

  /** One line and one event of a watch stream. A snapshot of listBytesMax fits, with room to spare. */
  sseLineCharsMax: 16 * 1024 * 1024,
  answerBytesMax: 64 * 1024,
} as const;
