/** A relation between things numbered from 0 on, and whether it holds: a row of bits for each of them. */
export class Relation {
  readonly #count: number;
  readonly #width: number;
  readonly #rows: Int32Array;

  constructor(count: number) {
    this.#count = count;
    this.#width = (count + 31) >> 5;
    this.#rows = new Int32Array(count * this.#width);
  }

  add(one: number, other: number): void {
    const word = one * this.#width + (other >> 5);
    this.#rows[word] = this.#word(word) | (1 << (other & 31));
  }

  has(one: number, other: number): boolean {
    return (this.#word(one * this.#width + (other >> 5)) & (1 << (other & 31))) !== 0;
  }

  /** With all that follows by transitivity: Warshall's algorithm. */
  closure(): Relation {
    const closed = new Relation(this.#count);
    closed.#rows.set(this.#rows);
    for (let middle = 0; middle < this.#count; middle++) {
      for (let one = 0; one < this.#count; one++) if (closed.has(one, middle)) closed.#join(one, middle);
    }
    return closed;
  }

  /** Whether nothing is related to itself. */
  isIrreflexive(): boolean {
    for (let one = 0; one < this.#count; one++) if (this.has(one, one)) return false;
    return true;
  }

  /** Relates one to all that another is related to. */
  #join(one: number, other: number): void {
    const [to, from] = [one * this.#width, other * this.#width];
    for (let word = 0; word < this.#width; word++) {
      this.#rows[to + word] = this.#word(to + word) | this.#word(from + word);
    }
  }

  #word(index: number): number {
    return this.#rows[index] as number;
  }
}
