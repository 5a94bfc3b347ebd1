import { code } from './operation.ts';
import type { Recorder } from './recorder.ts';

/** A value, or the id of a delete. Each is written at most once in a history, whatever the key. */
export type Mark = string | number;

/** A write whose answer was lost is unknown: it took effect at some time, or it never will. */
export type Outcome = 'acknowledged' | 'unknown';

/** What one client called, in order: each operation after the one before was answered or given up. */
export class CausalSession implements FinalState {
  readonly #recorder: Recorder;
  readonly #number: number;

  constructor(recorder: Recorder, number: number) {
    this.#recorder = recorder;
    this.#number = number;
  }

  put(key: string, value: Mark, outcome: Outcome = 'acknowledged'): this {
    this.#recorder.add(this.#number, outcome === 'unknown' ? code.unknownPut : code.put, key, value);
    return this;
  }

  delete(key: string, id?: Mark, outcome: Outcome = 'acknowledged'): this {
    this.#recorder.add(this.#number, outcome === 'unknown' ? code.unknownDelete : code.delete, key, id);
    return this;
  }

  get(key: string, value: Mark): this {
    this.#recorder.add(this.#number, code.get, key, value);
    return this;
  }

  /** A get that found nothing; `by` is the id of the delete it saw, where the store tells. */
  absent(key: string, by?: Mark): this {
    this.#recorder.add(this.#number, code.absent, key, by);
    return this;
  }
}

/** What a replica holds in the end; keys that are not named are not compared. */
export interface FinalState {
  get(key: string, value: Mark): this;
  absent(key: string, by?: Mark): this;
}
