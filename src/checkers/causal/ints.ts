import { HoldfastError } from '../../std/index.ts';
import { limits } from './limits.ts';

/** Stands in a list of operations for "there is none". */
export const none = -1;

/** An element that is known to be there. */
export function at(array: Int32Array, index: number): number {
  return array[index] as number;
}

/** A growing list of whole numbers, four bytes each: a million operations are a few of these. */
export class Ints {
  #array = new Int32Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#array[index] as number;
  }

  set(index: number, value: number): void {
    this.#array[index] = value;
  }

  push(value: number): void {
    if (this.#length === this.#array.length) this.#grow();
    this.#array[this.#length++] = value;
  }

  /** The elements, not a copy: good until the next push. */
  view(): Int32Array {
    return this.#array.subarray(0, this.#length);
  }

  #grow(): void {
    if (this.#length >= limits.intsMax) {
      throw new HoldfastError(
        'resource_exhausted',
        'The history is too large to check. Check a shorter one.',
      );
    }
    const larger = new Int32Array(2 * this.#length);
    larger.set(this.#array);
    this.#array = larger;
  }
}

/** Numbers names from 0 on, in the order they are first met. */
export class Numbering<Name> {
  readonly #numbers = new Map<Name, number>();
  readonly #names: Name[] = [];

  get count(): number {
    return this.#names.length;
  }

  numberOf(name: Name): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#names.push(name) - 1;
    this.#numbers.set(name, number);
    return number;
  }

  nameOf(number: number): Name {
    return this.#names[number] as Name;
  }
}
