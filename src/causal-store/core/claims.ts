import { must } from '../../std/index.ts';
import { limits } from '../limits.ts';
import type { Dot } from './record.ts';
import { raise, sequenceOf, type Vector } from './vector.ts';

/** What one incarnation has claimed of one origin: ever higher sequences, at ever later own records. */
interface Step {
  /** The claiming record's own sequence. */
  readonly at: number;
  /** Up to here the claimer had applied the other origin. */
  readonly covers: number;
}

/**
 * What every replica is known to have applied, from its own records that say so: openings and claims. They
 * are records like others, so whoever has applied a claim has applied all that the claimer had applied by
 * then. Hence "every member covers it, and I have received all that each had when it covered it", the rule
 * for forgetting, is: an applied claim of every member covers it.
 *
 * Stability in two rounds. `#known` is what every member has claimed. But a disk put back from an old copy
 * makes a member forget its claims; whoever meets it must be able to tell. So nothing is forgotten by a
 * claim that not every member has: `stable` counts for each member only its claims within `#known`.
 *
 * An incarnation that has ended is no member any more: its steps are forgotten, else they would grow with the
 * square of all starts there ever were.
 *
 * Invariants: the steps of a claimer for an origin rise in both numbers; `stable` never falls.
 */
export class Claims {
  readonly #steps = new Map<string, Map<string, Step[]>>();
  /** By incarnation: its latest claim. */
  readonly #latest = new Map<string, number>();
  readonly #stable = new Map<string, number>();

  /** What every member is known by every member to have applied. */
  get stable(): Vector {
    return this.#stable;
  }

  /** A claim was applied. */
  add({ origin, sequence }: Dot, covers: readonly Dot[]): void {
    raise(this.#latest, origin, sequence);
    let steps = this.#steps.get(origin);
    if (steps === undefined) {
      steps = new Map();
      this.#steps.set(origin, steps);
    }
    for (const dot of covers) {
      const list = steps.get(dot.origin) ?? [];
      const last = list.at(-1);
      if (last !== undefined && (last.covers >= dot.sequence || last.at >= sequence)) continue;
      list.push({ at: sequence, covers: dot.sequence });
      // The oldest but one: the first step is what tokens of long ago can be measured by.
      if (list.length > limits.claimStepsMax) list.splice(1, 1);
      steps.set(dot.origin, list);
    }
  }

  /** The highest sequence of `origin` that the claimer had surely applied when it wrote `at`. */
  covered(claimer: string, at: number, origin: string): number {
    if (claimer === origin) return at;
    const list = this.#steps.get(claimer)?.get(origin);
    if (list === undefined) return 0;
    for (let index = list.length - 1; index >= 0; index--) {
      const step = list[index] as Step;
      if (step.at <= at) return step.covers;
    }
    return 0;
  }

  /** Where the claimer, at or before `atMost`, first claims this: it is a record that comes behind it. */
  claimOf(claimer: string, { origin, sequence }: Dot, atMost: number): number | undefined {
    const step = this.#steps
      .get(claimer)
      ?.get(origin)
      ?.find(({ covers }) => covers >= sequence);
    return step !== undefined && step.at <= atMost ? step.at : undefined;
  }

  /** Forgets the steps of those that will never claim anything any more, all but how far each had come. */
  forget(isOver: (claimer: string) => boolean): void {
    for (const claimer of this.#steps.keys()) if (isOver(claimer)) this.#steps.delete(claimer);
  }

  latest(claimer: string): number {
    return sequenceOf(this.#latest, claimer);
  }

  /** Looks again at what is stable, for these members: the incarnations that speak for them. */
  settle(members: readonly string[]): boolean {
    let hasRisen = false;
    if (members.length === 0) return hasRisen;
    const known = new Map<string, number>();
    for (const member of members) known.set(member, this.#knownOf(member, members));
    for (const origin of this.#originsOf(must(members[0], 'a member'))) {
      let least = Number.MAX_SAFE_INTEGER;
      for (const member of members) {
        const at = Math.min(this.latest(member), sequenceOf(known, member));
        least = Math.min(least, this.covered(member, at, origin));
        if (least === 0) break;
      }
      if (least <= sequenceOf(this.#stable, origin)) continue;
      this.#stable.set(origin, least);
      hasRisen = true;
    }
    return hasRisen;
  }

  /** How much of a member's own stream every member has claimed. */
  #knownOf(origin: string, members: readonly string[]): number {
    let least = Number.MAX_SAFE_INTEGER;
    for (const member of members) {
      least = Math.min(least, this.covered(member, this.latest(member), origin));
    }
    return least;
  }

  #originsOf(claimer: string): Set<string> {
    return new Set([claimer, ...(this.#steps.get(claimer)?.keys() ?? [])]);
  }

  /** Everything, to be kept and taken back by `restore`. */
  *entries(): Generator<{
    readonly claimer: string;
    readonly origin: string;
    readonly steps: readonly Step[];
  }> {
    for (const [claimer, origins] of this.#steps) {
      for (const [origin, steps] of origins) yield { claimer, origin, steps };
    }
  }

  get latestClaims(): Vector {
    return this.#latest;
  }

  restore(stable: Vector, latest: Vector = new Map()): void {
    for (const [origin, sequence] of stable) raise(this.#stable, origin, sequence);
    for (const [claimer, sequence] of latest) raise(this.#latest, claimer, sequence);
  }
}
