import { must } from '../../std/index.ts';
import type { Encoded } from './record.ts';
import { sequenceOf, type Vector } from './vector.ts';

interface Limits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** Where an origin's records stand: `positions[0]` is that of the record `first`. */
interface Stretch {
  first: number;
  readonly positions: Queue<number>;
}

/**
 * The latest records in the order in which they were accepted here, which is a causal one: whoever is sent
 * them in this order finds what each depends on before it. Bounded: who lags further behind gets a snapshot.
 */
export class Log {
  readonly #limits: Limits;
  readonly #records = new Queue<Encoded>();
  readonly #stretches = new Map<string, Stretch>();
  #bytes = 0;

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** The position of the oldest record that is still here. */
  get start(): number {
    return this.#records.start;
  }

  /** The position that the next record gets. */
  get end(): number {
    return this.#records.end;
  }

  get bytes(): number {
    return this.#bytes;
  }

  at(position: number): Encoded {
    return this.#records.at(position);
  }

  append(encoded: Encoded): void {
    const { origin, sequence } = encoded.record;
    let stretch = this.#stretches.get(origin);
    if (stretch === undefined) {
      stretch = { first: sequence, positions: new Queue() };
      this.#stretches.set(origin, stretch);
    }
    stretch.positions.push(this.#records.end);
    this.#records.push(encoded);
    this.#bytes += encoded.bytes.byteLength;
    while (this.#bytes > this.#limits.bytesMax || this.#records.size > this.#limits.recordsMax)
      this.#drop();
  }

  /** Drops the oldest records that every member has. */
  trim(stable: Vector): void {
    for (;;) {
      if (this.#records.size === 0) return;
      const { record } = this.#records.at(this.start);
      if (record.sequence > sequenceOf(stable, record.origin)) return;
      this.#drop();
    }
  }

  /** Where to begin for somebody who has `theirs`, when all that `mine` has more is here. */
  positionFor(mine: Vector, theirs: Vector): number | undefined {
    let position = this.end;
    for (const [origin, sequence] of mine) {
      const next = sequenceOf(theirs, origin) + 1;
      if (next > sequence) continue;
      const stretch = this.#stretches.get(origin);
      if (stretch === undefined || next < stretch.first) return undefined;
      const found = stretch.positions.at(stretch.positions.start + next - stretch.first);
      position = Math.min(position, found);
    }
    return position;
  }

  /** Nothing before this moment is here any more: it came another way. */
  clear(): void {
    while (this.#records.size > 0) this.#drop();
  }

  #drop(): void {
    const { record, bytes } = this.#records.shift();
    this.#bytes -= bytes.byteLength;
    const stretch = must(this.#stretches.get(record.origin), 'the stretch of a record');
    stretch.positions.shift();
    stretch.first++;
    if (stretch.positions.size === 0) this.#stretches.delete(record.origin);
  }
}

/** A queue whose items keep their number for as long as they are in it. */
export class Queue<T> {
  #items: (T | undefined)[] = [];
  #head = 0;
  /** The number of the first item of the array. */
  #offset = 0;

  get start(): number {
    return this.#offset + this.#head;
  }

  get end(): number {
    return this.#offset + this.#items.length;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  at(number: number): T {
    return must(this.#items[number - this.#offset], 'an item of the queue');
  }

  shift(): T {
    const item = must(this.#items[this.#head], 'an item of the queue');
    this.#items[this.#head++] = undefined;
    if (this.#head >= 1024 && this.#head * 2 >= this.#items.length) {
      this.#items.splice(0, this.#head);
      this.#offset += this.#head;
      this.#head = 0;
    }
    return item;
  }
}
