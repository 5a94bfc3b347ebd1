import { hash32 } from './hash.ts';

/** Points a member of weight 1 has on the ring: shares then differ by about a tenth. */
const pointsPerMember = 160;
const weightMax = 4;

interface Point {
  readonly hash: number;
  readonly name: string;
}

/**
 * Consistent hashing (Karger et al. 1997): a member that comes or goes moves about 1/n of the keys, all of
 * them to or from itself.
 *
 * Invariant: the points are sorted, and those of a member depend on its name and weight alone; so the same
 * members make the same ring on every machine, in whatever order they came.
 */
export class HashRing {
  #points: readonly Point[] = [];
  readonly #weights = new Map<string, number>();

  get size(): number {
    return this.#weights.size;
  }

  /**
   * Makes these the members. Each has a weight: its share of keys relative to the others', between 1/160 and
   * 4 times one of weight 1. Who keeps its weight keeps its points.
   */
  set(members: ReadonlyMap<string, number>): void {
    const stays = (name: string): boolean => this.#weights.get(name) === members.get(name);
    const added = [...members]
      .filter(([name]) => !stays(name))
      .flatMap(([name, weight]) => pointsOf(name, weight));
    const hasLeft = [...this.#weights.keys()].some((name) => !stays(name));
    if (added.length === 0 && !hasLeft) return;
    const kept = hasLeft ? this.#points.filter(({ name }) => stays(name)) : this.#points;
    this.#points = merged(kept, added.sort(inOrder));
    this.#weights.clear();
    for (const [name, weight] of members) this.#weights.set(name, weight);
  }

  /** The members clockwise from the key, each once: as many as are asked for. */
  *from(key: string): Generator<string> {
    const { length } = this.#points;
    const start = this.#indexOf(hash32(key));
    const seen = new Set<string>();
    for (let step = 0; seen.size < this.#weights.size; step++) {
      const { name } = this.#points[(start + step) % length] as Point;
      if (seen.has(name)) continue;
      seen.add(name);
      yield name;
    }
  }

  /** The first point at or after the hash; the number of points when there is none. */
  #indexOf(hash: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] as Point).hash < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function pointsOf(name: string, weight: number): Point[] {
  const count = Math.max(1, Math.round(pointsPerMember * Math.min(weightMax, weight)));
  return Array.from({ length: count }, (_, index) => ({ hash: hash32(`${name}#${index}`), name }));
}

/** Where two points meet, the order must not depend on who came first. */
const inOrder = (one: Point, two: Point): number =>
  one.hash - two.hash || (one.name < two.name ? -1 : one.name > two.name ? 1 : 0);

/** Of two sorted lists one: nothing is sorted again for a single change. */
function merged(one: readonly Point[], two: readonly Point[]): readonly Point[] {
  const all: Point[] = [];
  let left = 0;
  let right = 0;
  while (left < one.length && right < two.length) {
    const isLeft = inOrder(one[left] as Point, two[right] as Point) <= 0;
    all.push((isLeft ? one[left++] : two[right++]) as Point);
  }
  for (; left < one.length; left++) all.push(one[left] as Point);
  for (; right < two.length; right++) all.push(two[right] as Point);
  return all;
}
