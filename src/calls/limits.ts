/** Defaults and bounds of calls. All are on without configuration. */
export const limits = {
  /** A whole call, attempts included, unless the caller or an incoming deadline says otherwise. */
  callTimeoutMs: 1_000,
  /** No caller may ask for more. */
  callTimeoutMsMax: 3_600_000,
  /** The first attempt and at most two more. */
  attemptsMax: 3,
  /**
   * An attempt that may be repeated is waited for so many times the service's p99, at least the minimum (a
   * collection of garbage is no illness), at most this share of what remains of its call.
   */
  attemptTimeoutFactor: 3,
  attemptTimeoutMinMs: 100,
  attemptShareMax: 0.5,
  /** A hedged call asks a second instance after the service's p95; if unknown, after this share. */
  hedgeAfterMinMs: 10,
  hedgeShare: 0.25,
  /** Answers that must have been seen before a quantile of their latencies means anything. */
  latencySamplesMin: 20,
  /** Latencies are remembered for one to two of these. */
  latencyGenerationMs: 30_000,
  /** A quantile is worked out anew after this. */
  quantileKeptMs: 250,
  /** Retries of one upstream, earned by each call and by each second. What provably never left costs none. */
  retryBudgetShare: 0.2,
  retryBudgetPerS: 10,
  /** The most that are saved up: this, and what the calls of the last one or two periods earned. */
  retryBudgetSavedMin: 50,
  retryBudgetPeriodMs: 1_000,
  /** Full-jitter backoff before a retry of what may have been sent: below base x 2^n, at most the cap. */
  backoffBaseMs: 10,
  backoffMaxMs: 200,
  /** Calls that wait while a service is looked up for the first time. */
  callsWaitingMax: 1_000,
  /** How long a measured latency weighs on the choice of an instance (time constant of its decay). */
  latencyDecayMs: 10_000,
  /** Instances quicker than this are equally quick: else a tenth of a millisecond would decide for ever. */
  latencyToldApartMs: 5,
  /** A stream that was cut off after an hour does not make its instance an hour slow. */
  latencyLearntMaxMs: 10_000,
  /**
   * What a failure counts as in the choice of an instance, so that fast failures attract no traffic, and how
   * fast that fades (time constant). Apart from the latency, or one failure would keep an instance idle for
   * most of a minute.
   */
  failurePenaltyMs: 1_000,
  penaltyDecayMs: 1_000,
  /** By least-in-flight, which knows no latency, it gets so much less at first; felt for so long. */
  penaltyAppetite: 0.9,
  penaltyFeltMs: 5_000,
  /** An instance that refused is passed over for base x 2^n, at most the cap, if others are there. */
  unreachableBaseMs: 250,
  unreachableMaxMs: 4_000,
  /** An instance that asks for time (Retry-After) is passed over for as long, but no longer than this. */
  retryAfterMaxMs: 10_000,
  /** Calls of this process under way at one instance, streams aside. */
  inFlightMax: 256,
  /** Calls that wait for an instance with room, of one service, and for how long. */
  queueLengthMax: 256,
  queueWaitMs: 250,
  /** No policy may ask for a longer queue: every call that waits holds its request and a timer. */
  queueLengthAskedMax: 16_384,
  /**
   * A timer that fires so late means that this process stood still: what has arrived meanwhile is read, for
   * so long, before anything is judged by the clock.
   */
  lateWakeMs: 20,
  lateGraceMs: 5,
  /** What callers that find no room are told to wait. */
  tooBusyRetryAfterMs: 1_000,
  /** How an instance's attempts ended is remembered for so long, in so many slices. */
  outcomesWindowMs: 10_000,
  outcomesSlices: 10,
  /**
   * An instance is ejected after so many failures in a row, or so many silences (nothing came within the time
   * of an attempt) without an answer in between, if that would happen by chance to one as good as its peers
   * less often than this.
   */
  failuresInARow: 5,
  silencesInARow: 3,
  rowChanceMax: 1e-6,
  /**
   * Or when of so many attempts within the window less than this share went well, and its share of failures
   * is higher than its peers' by so much, and by so many standard deviations.
   */
  ejectionSamplesMin: 20,
  ejectionGoodShare: 0.5,
  failureDifferenceMin: 0.25,
  failureDeviationsMin: 4.5,
  /** Peers are believed to have had some good attempts already, and half a bad one. */
  peersGoodPrior: 3,
  peersBadPrior: 0.5,
  /** Ejected for base x 2^n and up to a quarter longer, at most the cap. A quiet minute takes one off n. */
  ejectionBaseMs: 5_000,
  ejectionMaxMs: 300_000,
  ejectionJitter: 0.25,
  ejectionForgivenMs: 60_000,
  /** A call that must not be repeated becomes a probe only when for so long no other call came. */
  probePatienceMs: 5_000,
  /** After a probe that was given up before it could tell. */
  probePauseMs: 1_000,
  /** Instances that are not listed any more are remembered, in case they come back. */
  departedKept: 256,
  /** A newcomer's load grows from this share to all of it within this time. */
  slowStartMs: 5_000,
  slowStartMin: 0.1,
  /** Ring hash: an instance takes so many times its fair share of the calls under way. */
  ringLoadFactor: 1.25,
  /** The caller's own zone is preferred with at least these shares: of a fair share, and of it usable. */
  zoneShareMin: 0.5,
  zoneUsableMin: 0.5,
  /** It is not preferred for a while when so many calls to it failed, and most of them. */
  zoneFailuresMin: 10,
  zoneAvoidedMs: 10_000,
  /** Instances named as passed over in the report of one attempt. */
  passedOverToldMax: 8,
  /** Choices that `explain` can tell of. */
  choicesKept: 8,
  /**
   * Connections of this process to one instance over HTTP/1.1, and the most that a policy's `inFlightMax` may
   * be: that one counts. What flows on when its call has ended, such as the body of a bad answer, comes on
   * top; beyond this a request waits for a connection until its own time is over.
   */
  connectionsPerInstanceMax: 4_096,
  /** An unused connection is closed after this: sooner than a service does, so rarely closed on us. */
  connectionIdleMs: 4_000,
  /**
   * How often a request that may be repeated is sent again within one attempt because an idle connection was
   * closed while it was on its way: each time it may meet another such connection.
   */
  closedOnUsMax: 8,
  /** Below the default deadline of a call, so that there is time left for another instance. */
  connectTimeoutMs: 500,
  /** Services that one process calls: names come from its code, not from its callers. */
  upstreamsMax: 1_000,
  /** An answer is read whole. A larger one fails the call. */
  answerBytesMax: 16 * 1024 * 1024,
  /** Messages of a streamed answer that wait for their reader before the peer is asked to stop. */
  messagesUnreadMax: 16,
} as const;
