import type { Blame } from '../rules.ts';
import { type Check, type Endpoint, idOf, type Step } from '../watch.ts';

/** Attempts from which on a share means something. */
const sharedMin = 60;

/** Of the attempts that an instance gets once it is known to fail: a tenth, and some that chance brings. */
const shareMax = 0.1;
const strayMax = 3;

/** Rule `attraction`: how much goes to the one instance that fails fast, until it is ejected. */
export class AttractionCheck implements Check {
  readonly #blame: Blame;
  readonly #failing: string;
  #isKnown = false;
  #isOver = false;
  #sent = 0;
  #attracted = 0;

  constructor(blame: Blame, failing: string) {
    this.#blame = blame;
    this.#failing = failing;
  }

  stepped({ effects, ended }: Step): void {
    if (this.#isOver) return;
    for (const effect of effects) {
      if (effect.type === 'report' && effect.report.type === 'ejected') this.end();
      if (effect.type === 'send' && this.#isKnown) this.#count(effect.attempt.endpoint);
    }
    for (const { attempt, outcome } of ended) {
      const isGood = outcome?.type === 'answered' && outcome.verdict === 'ok';
      if (!isGood && outcome !== undefined && idOf(attempt.endpoint) === this.#failing)
        this.#isKnown = true;
    }
  }

  /** What comes now is not about it any more. */
  end(): void {
    this.#isOver = true;
    if (this.#sent < sharedMin || this.#attracted <= shareMax * this.#sent + strayMax) return;
    const share = `${this.#attracted} of ${this.#sent} attempts`;
    this.#blame.broken('attraction', `${this.#failing}, known to fail fast, attracts ${share}`);
  }

  #count(endpoint: Endpoint): void {
    this.#sent += 1;
    if (idOf(endpoint) === this.#failing) this.#attracted += 1;
  }
}

/** Rule `poison`: for runs in which nothing but some requests is wrong. */
export class PoisonCheck implements Check {
  readonly #blame: Blame;

  constructor(blame: Blame) {
    this.#blame = blame;
  }

  stepped({ effects, before }: Step): void {
    for (const effect of effects) {
      if (effect.type !== 'report' || effect.report.type !== 'ejected') continue;
      const { instance, why } = effect.report;
      // A probe that meets a poisoned request ejects nobody anew.
      const isNew = [...before].some(([each, { state }]) => idOf(each) === instance && state === 'closed');
      if (isNew) this.#blame.broken('poison', `${instance} is ejected: ${why}`);
    }
  }
}

/** Rule `starvation`: who has had a call since all is well. */
export class StarvationCheck implements Check {
  readonly #served = new Set<Endpoint>();

  stepped({ effects }: Step): void {
    for (const effect of effects) if (effect.type === 'send') this.#served.add(effect.attempt.endpoint);
  }

  /** All is well from now on. */
  begin(): void {
    this.#served.clear();
  }

  /** Those who have had nothing since. */
  starving(endpoints: readonly Endpoint[]): readonly Endpoint[] {
    return endpoints.filter((endpoint) => !this.#served.has(endpoint));
  }
}
