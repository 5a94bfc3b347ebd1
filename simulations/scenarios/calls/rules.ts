/** What must hold of calls, by the name under which a failing run says what broke. */
export const rules = {
  budget: 'retries stay within the budget, those of what was never sent aside',
  repeats: 'nothing is sent again that must not be, nor too often, nor twice to one instance',
  probe: 'one probe at a time an instance, when it is due, and always settled',
  ejection: 'at most half are ejected, never the last reachable one, and those get nothing but probes',
  places: 'what counts as under way is what is under way, and within its limit',
  ending: 'every call ends once, by its deadline, and a good answer reaches its caller',
  epoch: 'outcomes of an earlier epoch or incarnation change nothing',
  starvation: 'every instance that takes calls gets some',
  poison: 'requests that fail everywhere eject nobody, chance aside',
  attraction: 'an instance that fails fast attracts little once that is known',
  queue: 'those who wait leave in order and in time, and are no more than the bound',
  recovery: 'when faults end calls succeed, and everybody is back',
} as const;

export type Rule = keyof typeof rules;

/** Where broken rules are reported. The first one counts. */
export class Blame {
  problem: string | undefined;
  readonly #only: Rule | undefined;

  /** `only`: the other rules do not count. So a planted bug shows that one rule finds it. */
  constructor(only: Rule | undefined) {
    this.#only = only;
  }

  broken(rule: Rule, what: string): void {
    if (this.#only === undefined || this.#only === rule) this.problem ??= `${rule}: ${what}`;
  }
}
