import type { Blame } from '../rules.ts';
import { type Attempt, type Check, type Endpoint, idOf, type Standing, type Step } from '../watch.ts';

/** Rule `epoch`: what began before the instance's breaker changed, or it was replaced, says nothing. */
export class EpochsCheck implements Check {
  readonly #blame: Blame;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  stepped(step: Step): void {
    const fresh = new Set<Endpoint>();
    const stale = new Map<Endpoint, Standing>();
    for (const { attempt } of step.ended) {
      const standing = step.before.get(attempt.endpoint);
      if (standing === undefined) continue;
      if (isStale(attempt, standing)) stale.set(attempt.endpoint, standing);
      else fresh.add(attempt.endpoint);
    }
    for (const [endpoint, standing] of stale) {
      if (!fresh.has(endpoint)) this.#unchanged(endpoint, standing, step);
    }
  }

  #unchanged(endpoint: Endpoint, standing: Standing, { effects, nowMs }: Step): void {
    const { recent, latency, breaker, avoidUntilMs } = endpoint;
    const id = idOf(endpoint);
    const say = (what: string): void => {
      this.#blame.broken('epoch', `late news of an earlier epoch of ${id} changes its ${what}`);
    };
    const isReported = effects.some((effect) => effect.type === 'report' && effect.report.instance === id);
    const isSent = effects.some((effect) => effect.type === 'send' && effect.attempt.endpoint === endpoint);
    if (latency.at(nowMs) !== standing.latencyMs) say('latency');
    // Time alone makes counts smaller; restoring it clears them.
    if (recent.good > standing.good || recent.bad > standing.bad) say('outcomes');
    if (standing.isGone && isReported && breaker.state !== standing.state) say('breaker');
    if (isReported || isSent) return;
    if (recent.badInARow !== standing.badInARow) say('failures in a row');
    if (avoidUntilMs !== standing.avoidUntilMs) say('pause');
    const isBreakerSame = breaker.epoch === standing.epoch && breaker.state === standing.state;
    if (!isBreakerSame || breaker.isProbing !== standing.isProbing) say('breaker');
    if (breaker.probeAtMs !== standing.probeAtMs) say('time of probing');
  }
}

function isStale({ epoch }: Attempt, standing: Standing): boolean {
  return standing.isGone || epoch !== standing.epoch;
}
