import { limits } from 'holdfast/calls';
import type { Blame } from '../rules.ts';
import { type Attempt, type Check, type Endpoint, idOf, type Step } from '../watch.ts';

/** Rules `probe` and `ejection`: who is kept away from calls, and how they come back. */
export class BreakersCheck implements Check {
  readonly #blame: Blame;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  stepped(step: Step): void {
    this.#probes(step);
    this.#ejected(step);
    for (const effect of step.effects) {
      if (effect.type === 'send') this.#sent(effect.attempt, step);
      if (effect.type === 'report' && effect.report.type === 'ejected') {
        this.#ejects(effect.report.instance, step);
      }
    }
  }

  /** The slot is taken exactly while a probe is under way, so that none is lost. */
  #probes({ core, underWay }: Step): void {
    const probes = new Map<Endpoint, number>();
    for (const { isProbe, epoch, endpoint } of underWay) {
      if (!isProbe || epoch !== endpoint.breaker.epoch) continue;
      probes.set(endpoint, (probes.get(endpoint) ?? 0) + 1);
    }
    for (const endpoint of core.fleet.endpoints.values()) {
      const count = probes.get(endpoint) ?? 0;
      const { isProbing, state } = endpoint.breaker;
      const say = (what: string): void => this.#blame.broken('probe', `${idOf(endpoint)} ${what}`);
      if (count > 1) say(`has ${count} probes under way`);
      if (isProbing && count === 0) say('waits for a probe that is not under way');
      if (!isProbing && count > 0) say('has a probe under way and may get another');
      if (isProbing && state !== 'half-open') say(`is probed while ${state}`);
    }
  }

  #ejected({ core: { fleet } }: Step): void {
    const { eligible } = fleet;
    const count = eligible.filter(({ breaker }) => breaker.state !== 'closed').length;
    if (count <= eligible.length / 2) return;
    this.#blame.broken('ejection', `${count} of ${eligible.length} are ejected`);
  }

  #ejects(id: string, { before, core, nowMs }: Step): void {
    // One that goes on being ejected takes nothing from the others.
    if ([...before].some(([endpoint, { state }]) => idOf(endpoint) === id && state !== 'closed')) return;
    // Before the step, or after it: its very event may have shown that another is there, or have used it.
    const wasLeft = [...before].some(
      ([other, { isEligible, state, avoidUntilMs }]) =>
        idOf(other) !== id && isEligible && state === 'closed' && nowMs >= avoidUntilMs,
    );
    const isLeft =
      wasLeft ||
      core.fleet.eligible.some(
        (other) => idOf(other) !== id && other.breaker.state === 'closed' && nowMs >= other.avoidUntilMs,
      );
    if (!isLeft) this.#blame.broken('ejection', `${id} is ejected, the last that could be reached`);
  }

  #sent(attempt: Attempt, { before, nowMs }: Step): void {
    const { endpoint, isProbe, by, call } = attempt;
    const id = idOf(endpoint);
    if (!isProbe && endpoint.breaker.state !== 'closed') {
      this.#blame.broken('ejection', `${id}, ejected, gets a call that is no probe`);
    }
    if (isProbe !== (by === 'probe'))
      this.#blame.broken('probe', `a call to ${id}, by ${by}, is its probe`);
    const standing = before.get(endpoint);
    if (!isProbe || standing === undefined) return;
    if (standing.isProbing && endpoint.breaker.epoch === standing.epoch) {
      this.#blame.broken('probe', `${id} gets a second probe`);
    }
    // In the very step that opened it, it cannot be due.
    const isRepeatable = call.terms.idempotent && call.terms.isWithinRetry !== true;
    const dueMs = standing.probeAtMs + (isRepeatable ? 0 : limits.probePatienceMs);
    if (nowMs < dueMs)
      this.#blame.broken('probe', `${id} is probed ${Math.round(dueMs - nowMs)} ms too early`);
  }
}
