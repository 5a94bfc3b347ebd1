import { limits } from '../limits.ts';
import type { Dot, Opening } from './record.ts';
import { coversDot, type Vector } from './vector.ts';

interface Life {
  readonly origin: string;
  readonly node: string;
  readonly start: number;
  readonly stamp: number;
}

export interface Vouch {
  readonly upTo: number;
  readonly by: Dot;
}

/** What is in effect of an origin for whoever has `by`: up to there, or all when it was abandoned. */
interface StandIn extends Vouch {
  readonly isAbandoned: boolean;
}

/** Which incarnations are whose, learnt from their openings. */
export class Nodes {
  readonly #lives = new Map<string, Life>();
  readonly #current = new Map<string, Life>();
  /**
   * By incarnation: the last records of those that were handed in for what it wrote. Any of them will do: to
   * keep only the latest would take back what somebody was told is there.
   */
  readonly #standIns = new Map<string, StandIn[]>();

  open({ origin, sequence, node, start, stamp, abandons, vouches, handsIn }: Opening): void {
    this.addLife({ origin, node, start, stamp });
    const by = { origin, sequence: sequence + handsIn };
    for (const abandoned of abandons) this.abandon(abandoned, by);
    for (const { origin: vouched, sequence: upTo } of vouches) this.vouch(vouched, { upTo, by });
  }

  addLife(life: Life): void {
    this.#lives.set(life.origin, life);
    const known = this.#current.get(life.node);
    if (known === undefined || isLater(life, known)) this.#current.set(life.node, life);
  }

  /** Nobody waits for any of it any more. */
  abandon(origin: string, by: Dot): void {
    this.#add(origin, { upTo: Number.POSITIVE_INFINITY, by, isAbandoned: true });
  }

  /** It may go on, and is in effect up to there. */
  vouch(origin: string, vouch: Vouch): void {
    this.#add(origin, { ...vouch, isAbandoned: false });
  }

  #add(origin: string, standIn: StandIn): void {
    const known = this.#standIns.get(origin) ?? [];
    if (known.some((each) => compare(each, standIn) === 0)) return;
    // In the same order everywhere, in whatever order they came.
    const all = [...known, standIn].sort((one, other) => compare(other, one));
    this.#standIns.set(origin, all.slice(0, limits.standInsMax));
  }

  /** The latest life of a node. */
  current(node: string): string | undefined {
    return this.#current.get(node)?.origin;
  }

  /** Whether it will never speak for its node again. */
  isOver(origin: string): boolean {
    if (this.#standIns.get(origin)?.some(({ isAbandoned }) => isAbandoned) === true) return true;
    const node = this.nodeOf(origin);
    return node !== undefined && this.current(node) !== origin;
  }

  nodeOf(origin: string): string | undefined {
    return this.#lives.get(origin)?.node;
  }

  /** Whether whoever has so much has the dot, or what stands in for it. */
  covers(vector: Vector, dot: Dot): boolean {
    return coversDot(vector, dot) || this.standInFor(vector, dot) !== dot;
  }

  /**
   * What takes the dot's place for whoever has so much: the last record of those that were handed in for it,
   * where all of them are there; and what took the place of that. Else the dot itself.
   */
  standInFor(vector: Vector, dot: Dot): Dot {
    if (!this.#standIns.has(dot.origin)) return dot;
    let standIn = dot;
    // Each stands in for an earlier one, unless somebody made them up: then a circle ends at what it passed.
    const passed = new Set<string>();
    for (let reached = [dot]; reached.length > 0; ) {
      reached = reached
        .flatMap((each) => this.#standInsFor(vector, each))
        .filter((by) => isNew(passed, by));
      standIn = reached.find((by) => coversDot(vector, by)) ?? standIn;
    }
    return standIn;
  }

  #standInsFor(vector: Vector, dot: Dot): Dot[] {
    const isThere = coversDot(vector, dot);
    return (this.#standIns.get(dot.origin) ?? [])
      .filter(({ upTo, isAbandoned }) => isAbandoned || (!isThere && upTo >= dot.sequence))
      .map(({ by }) => by);
  }

  get lives(): Iterable<Life> {
    return this.#lives.values();
  }

  get vouched(): Iterable<readonly [string, Vouch]> {
    return this.#ofKind(false);
  }

  get abandoned(): Iterable<readonly [string, Dot]> {
    return this.#ofKind(true).map(([origin, { by }]) => [origin, by] as const);
  }

  #ofKind(isAbandoned: boolean): (readonly [string, StandIn])[] {
    const ofKind: (readonly [string, StandIn])[] = [];
    for (const [origin, standIns] of this.#standIns) {
      for (const each of standIns) if (each.isAbandoned === isAbandoned) ofKind.push([origin, each]);
    }
    return ofKind;
  }
}

/** Above 0 when one stands in for more, or else was written higher. */
function compare(one: StandIn, other: StandIn): number {
  if (one.upTo !== other.upTo) return one.upTo > other.upTo ? 1 : -1;
  if (one.by.origin !== other.by.origin) return one.by.origin > other.by.origin ? 1 : -1;
  return one.by.sequence - other.by.sequence;
}

function isNew(passed: Set<string>, { origin, sequence }: Dot): boolean {
  const name = `${origin}:${sequence}`;
  if (passed.has(name)) return false;
  passed.add(name);
  return true;
}

function isLater(one: Life, two: Life): boolean {
  if (one.start !== two.start) return one.start > two.start;
  if (one.stamp !== two.stamp) return one.stamp > two.stamp;
  return one.origin > two.origin;
}
