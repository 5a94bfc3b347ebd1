import { HoldfastError } from '../../std/index.ts';
import { Ints, Numbering, none } from './ints.ts';
import { limits } from './limits.ts';
import { type Code, isRead } from './operation.ts';
import type { Mark } from './session.ts';

/** Operations as they are added, with a number in each of a few arrays. */
export interface Columns {
  /** From 0 on the sessions, from -1 down the final states. */
  readonly session: Int32Array;
  readonly code: Int32Array;
  readonly key: Int32Array;
  readonly mark: Int32Array;
  /** For each mark the operation that writes it, or `none`. */
  readonly writer: Int32Array;
  readonly keys: Numbering<string>;
  readonly marks: Numbering<Mark>;
}

export class Recorder {
  readonly #keys = new Numbering<string>();
  readonly #marks = new Numbering<Mark>();
  readonly #writer = new Ints();
  readonly #session = new Ints();
  readonly #code = new Ints();
  readonly #key = new Ints();
  readonly #mark = new Ints();

  get count(): number {
    return this.#code.length;
  }

  add(session: number, kind: Code, key: string, mark: Mark | undefined): void {
    if (this.count === limits.operationsMax) {
      throw new HoldfastError('resource_exhausted', `A history has at most ${this.count} operations.`);
    }
    const number = mark === undefined ? none : this.#marks.numberOf(mark);
    if (number === this.#writer.length) this.#writer.push(none);
    if (number !== none && !isRead(kind)) {
      if (this.#writer.at(number) !== none) {
        throw new HoldfastError('invalid_argument', `"${mark}" is written twice: give each write its own.`);
      }
      this.#writer.set(number, this.count);
    }
    this.#session.push(session);
    this.#code.push(kind);
    this.#key.push(this.#keys.numberOf(key));
    this.#mark.push(number);
  }

  columns(): Columns {
    return {
      session: this.#session.view(),
      code: this.#code.view(),
      key: this.#key.view(),
      mark: this.#mark.view(),
      writer: this.#writer.view(),
      keys: this.#keys,
      marks: this.#marks,
    };
  }
}
