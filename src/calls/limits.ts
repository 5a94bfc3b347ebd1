/** Defaults and bounds of calls. All are on without configuration. */
export const limits = {
  /** A whole call, attempts included, unless the caller or an incoming deadline says otherwise. */
  callTimeoutMs: 1_000,
  /** No caller may ask for more. */
  callTimeoutMsMax: 3_600_000,
  /** The first attempt and at most two more. */
  attemptsMax: 3,
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
  /** What a failure counts as in the latency average, so that fast failures attract no traffic. */
  failurePenaltyMs: 1_000,
  /** An instance that refused is passed over for base x 2^n, at most the cap, if others are there. */
  unreachableBaseMs: 250,
  unreachableMaxMs: 4_000,
  /** Connections of this process to one instance over HTTP/1.1; further calls wait for one. */
  connectionsPerInstanceMax: 128,
  /** An unused connection is closed after this: sooner than a service does, so rarely closed on us. */
  connectionIdleMs: 4_000,
  /** Below the default deadline of a call, so that there is time left for another instance. */
  connectTimeoutMs: 500,
  /** Services that one process calls: names come from its code, not from its callers. */
  upstreamsMax: 1_000,
  /** An answer is read whole. A larger one fails the call. */
  answerBytesMax: 16 * 1024 * 1024,
  /** Messages of a streamed answer that wait for their reader before the peer is asked to stop. */
  messagesUnreadMax: 16,
} as const;
