import { assert } from '../../../std/index.ts';

/** A relation between at most 32 things, and whether it holds: `rows[one]` has a bit for each other. */
export class Relation {
  readonly #rows: number[];

  constructor(count: number) {
    assert(count <= 32, 'no more things than an integer has bits');
    this.#rows = new Array<number>(count).fill(0);
  }

  add(one: number, other: number): void {
    this.#rows[one] = this.#row(one) | (1 << other);
  }

  has(one: number, other: number): boolean {
    return (this.#row(one) & (1 << other)) !== 0;
  }

  /** With all that follows by transitivity: Warshall's algorithm. */
  closure(): Relation {
    const closed = new Relation(this.#rows.length);
    for (const [one, row] of this.#rows.entries()) closed.#rows[one] = row;
    for (let middle = 0; middle < this.#rows.length; middle++) {
      for (let one = 0; one < this.#rows.length; one++) {
        if (closed.has(one, middle)) closed.#rows[one] = closed.#row(one) | closed.#row(middle);
      }
    }
    return closed;
  }

  /** Whether nothing is related to itself. */
  isIrreflexive(): boolean {
    return this.#rows.every((_, one) => !this.has(one, one));
  }

  #row(one: number): number {
    return this.#rows[one] as number;
  }
}
