import type { Rule } from './rules.ts';

/** A mistake planted in the source of calls. Only the rule it names may find it. */
export interface Mutant {
  readonly name: string;
  /** What is wrong, on purpose. */
  readonly bug: string;
  readonly rule: Rule;
  /** In src/calls; `from` occurs once in it. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const mutant = (rule: Rule, name: string, bug: string, file: string, from: string, to: string): Mutant => {
  return { rule, name, bug, file: `core/${file}`, from, to };
};

export const mutants: readonly Mutant[] = [
  mutant(
    'budget',
    'budget-ignored',
    'retries cost nothing',
    'budget.ts',
    'if (this.left(nowMs) < 1) return false;',
    'this.left(nowMs);',
  ),
  mutant(
    'budget',
    'unsent-into-trouble',
    'what never left is sent at no cost to instances with known trouble',
    'upstream.ts',
    "if (isFree && (prospect === 'good' || prospect === 'full')) return true;",
    "if (isFree && prospect !== 'none') return true;",
  ),
  mutant(
    'repeats',
    'declaration-ignored',
    'calls that are not idempotent are repeated',
    'retry.ts',
    'if (!terms.idempotent || terms.isWithinRetry === true) return false;',
    'if (terms.isWithinRetry === true) return false;',
  ),
  mutant(
    'repeats',
    'claims-unsent',
    'what may have taken effect counts as never sent',
    'retry.ts',
    "outcome.type === 'failed' && !outcome.error.mayHaveExecuted",
    "outcome.type === 'failed'",
  ),
  mutant(
    'repeats',
    'retries-multiply',
    'a call within a retried request is retried',
    'retry.ts',
    'terms.isWithinRetry === true',
    'false',
  ),
  mutant(
    'repeats',
    'tried-forgotten',
    'a call may go to the same instance again',
    'upstream.ts',
    'call.tried ??= [];\n    call.tried.push(endpoint.instance.id);',
    'call.tried = [];',
  ),
  mutant(
    'repeats',
    'attempts-unbounded',
    'a call is sent as often as there are instances',
    'upstream.ts',
    'call.attempts >= this.#attemptsMax || nowMs >= call.deadlineMs',
    'nowMs >= call.deadlineMs',
  ),
  mutant(
    'probe',
    'slot-not-taken',
    'calls go to an instance while its probe is under way',
    'breaker.ts',
    "if (this.state === 'closed' || this.isProbing) return false;",
    "if (this.state === 'closed') return false;\n    this.isProbing = false;",
  ),
  mutant(
    'probe',
    'slot-not-freed',
    'a probe that is abandoned keeps its slot',
    'learning.ts',
    'if (attempt.isProbe) endpoint.breaker.freeProbe(nowMs);\n    // It',
    '// It',
  ),
  mutant(
    'ejection',
    'half-rule-off',
    'more than half may be ejected',
    'fleet.ts',
    'return Math.floor(this.eligible.length / 2);',
    'return this.eligible.length;',
  ),
  mutant(
    'ejection',
    'last-rule-off',
    'the last instance that can be reached may be ejected',
    'fleet.ts',
    '(other) => other !== endpoint && !other.isEjected && nowMs >= other.avoidUntilMs,',
    '(other) => other !== endpoint && !other.isEjected,',
  ),
  mutant(
    'ejection',
    'ejected-chosen',
    'an ejected instance is chosen when the others are tried or full',
    'fleet.ts',
    'left = left.filter(({ isEjected }) => !isEjected);',
    '',
  ),
  mutant(
    'places',
    'abort-keeps-place',
    'an attempt that is given up keeps its place',
    'upstream.ts',
    'const isTimeout = this.#learning.givenUp(attempt, why, nowMs);',
    'const isTimeout = this.#learning.givenUp(attempt, why, nowMs);\n    attempt.endpoint.inFlight += 1;',
  ),
  mutant(
    'places',
    'limit-ignored',
    'no instance is ever full',
    'fleet.ts',
    'return endpoint.inFlight >= this.#inFlightMax;',
    'return endpoint.inFlight > 1e9;',
  ),
  mutant(
    'ending',
    'late-deadline',
    'the timer of a call is set later than its deadline',
    'call.ts',
    'let atMs = this.deadlineMs;',
    'let atMs = this.deadlineMs + 200;',
  ),
  mutant(
    'ending',
    'answer-lost',
    'a good answer that comes while a hedge is under way is not delivered',
    'upstream.ts',
    "if (isAnswer && outcome.verdict === 'ok')",
    "if (isAnswer && outcome.verdict === 'ok' && call.first === undefined)",
  ),
  mutant(
    'ending',
    'attempt-timeout-ignored',
    'nobody wakes up when the time of an attempt is over',
    'call.ts',
    'this.first?.dueMs ?? atMs, this.second?.dueMs ?? atMs',
    'atMs',
  ),
  mutant(
    'epoch',
    'epoch-ignored',
    'outcomes of an earlier epoch count',
    'learning.ts',
    'return endpoint.isGone || epoch !== endpoint.breaker.epoch;',
    'return endpoint.isGone || epoch < 0;',
  ),
  mutant(
    'epoch',
    'incarnation-ignored',
    'outcomes of an instance that was replaced count',
    'learning.ts',
    'return endpoint.isGone || epoch',
    'return epoch',
  ),
  mutant(
    'poison',
    'peers-not-compared',
    'an instance is ejected for failures that its peers have as well',
    'fleet.ts',
    'const why = troubleOf(endpoint, this.#peersOf(endpoint, nowMs));',
    'const why = troubleOf(endpoint, { good: 1e9, bad: 0 });',
  ),
  mutant(
    'attraction',
    'fast-failures-attract',
    'a failure counts as an answer as quick as it was',
    'learning.ts',
    'endpoint.failed(nowMs);\n    endpoint.recent',
    'endpoint.latency.sample(waitedMs, nowMs);\n    endpoint.recent',
  ),
  mutant(
    'starvation',
    'latency-never-forgotten',
    'an instance that was slow once is never asked again',
    'peak-latency.ts',
    'return this.#latencyMs * Math.exp(-sinceMs / limits.latencyDecayMs);',
    'return sinceMs < 0 ? 0 : this.#latencyMs;',
  ),
  mutant(
    'starvation',
    'always-the-first',
    'round-robin always takes the first',
    'balance/round-robin.ts',
    'for (const candidate of candidates) if (candidate.turn < next.turn) next = candidate;',
    '',
  ),
  mutant(
    'starvation',
    'light-ones-starve',
    'least-in-flight gives single calls to the heaviest instances only',
    'balance/least-in-flight.ts',
    '(candidate.inFlight + candidate.streams) / appetite',
    '(candidate.inFlight + candidate.streams + 1) / appetite',
  ),
  mutant(
    'queue',
    'last-come-first-served',
    'who comes last is served first',
    'waiting-calls.ts',
    'this.#calls.push(call);',
    'this.#calls.unshift(call);',
  ),
  mutant(
    'queue',
    'queue-unbounded',
    'any number of calls may wait',
    'waiting-calls.ts',
    'if (this.#calls.length >= this.#lengthMax) return false;',
    '',
  ),
  mutant(
    'queue',
    'waits-for-ever',
    'calls wait in the queue until their deadline',
    'upstream.ts',
    'call.resumeAtMs = nowMs + limits.queueWaitMs;',
    'call.resumeAtMs = nowMs + 10 * limits.queueWaitMs;',
  ),
  mutant(
    'recovery',
    'never-restored',
    'a good probe does not bring its instance back',
    'fleet.ts',
    "if (isGood) {\n      this.#restore(endpoint, 'its probe",
    "if (isGood && nowMs < 0) {\n      this.#restore(endpoint, 'its probe",
  ),
];
