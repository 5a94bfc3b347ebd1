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

/** Which incarnations are whose, learnt from their openings. */
export class Nodes {
  readonly #lives = new Map<string, Life>();
  readonly #current = new Map<string, Life>();
  /** Incarnations nobody waits for any more, and the last record of those handed in in their place. */
  readonly #abandoned = new Map<string, Dot>();
  /** Of incarnations that may go on: up to where they are in effect, and with which record. */
  readonly #vouched = new Map<string, Vouch>();

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

  abandon(origin: string, by: Dot): void {
    const known = this.#abandoned.get(origin);
    // Of two the same one everywhere, in whatever order they came.
    if (known === undefined || isHigher(by, known)) this.#abandoned.set(origin, by);
  }

  vouch(origin: string, vouch: Vouch): void {
    const known = this.#vouched.get(origin);
    const isMore = known === undefined || vouch.upTo > known.upTo;
    if (isMore || (vouch.upTo === known.upTo && isHigher(vouch.by, known.by)))
      this.#vouched.set(origin, vouch);
  }

  /** The latest life of a node. */
  current(node: string): string | undefined {
    return this.#current.get(node)?.origin;
  }

  /** Whether it will never speak for its node again. */
  isOver(origin: string): boolean {
    if (this.#abandoned.has(origin)) return true;
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
   * where all of them are there. Else the dot itself.
   */
  standInFor(vector: Vector, dot: Dot): Dot {
    let standIn = dot;
    let by: Dot | undefined = dot;
    // Each stands in for an earlier one, unless somebody made them up: then a circle ends here.
    for (let hops = 0; by !== undefined && hops <= this.#abandoned.size + this.#vouched.size; hops++) {
      if (coversDot(vector, by)) standIn = by;
      by = this.#abandoned.get(by.origin) ?? this.#vouchFor(vector, by);
    }
    return standIn;
  }

  #vouchFor(vector: Vector, dot: Dot): Dot | undefined {
    const vouch = this.#vouched.get(dot.origin);
    return vouch === undefined || vouch.upTo < dot.sequence || coversDot(vector, dot)
      ? undefined
      : vouch.by;
  }

  get lives(): Iterable<Life> {
    return this.#lives.values();
  }

  get vouched(): Iterable<readonly [string, Vouch]> {
    return this.#vouched;
  }

  get abandoned(): Iterable<readonly [string, Dot]> {
    return this.#abandoned;
  }
}

function isHigher(one: Dot, two: Dot): boolean {
  return one.origin === two.origin ? one.sequence > two.sequence : one.origin > two.origin;
}

function isLater(one: Life, two: Life): boolean {
  if (one.start !== two.start) return one.start > two.start;
  if (one.stamp !== two.stamp) return one.stamp > two.stamp;
  return one.origin > two.origin;
}
