import { limits } from '../limits.ts';
import type { Attempt, ChosenBy, PassedOver } from './attempt.ts';

/** Where an attempt went, and why. */
export interface Choice {
  /** Monotonic ms. */
  readonly atMs: number;
  readonly instance: string;
  /** 1 for the first of its call. */
  readonly attempt: number;
  readonly by: ChosenBy;
  /** What stood in the way of others; undefined when nothing did. */
  readonly passedOver: readonly PassedOver[] | undefined;
}

type Slot = { -readonly [Field in keyof Choice]: Choice[Field] };

/** The latest choices of an upstream, in slots that are used again: it must keep no attempt alive. */
export class RecentChoices {
  readonly #slots: Slot[] = [];
  #next = 0;

  add(attempt: Attempt<unknown>, nowMs: number): void {
    const slot = this.#slots[this.#next];
    if (slot === undefined) {
      this.#slots.push(choiceOf(attempt, nowMs));
    } else {
      slot.atMs = nowMs;
      slot.instance = attempt.endpoint.instance.id;
      slot.attempt = attempt.number;
      slot.by = attempt.by;
      slot.passedOver = attempt.passedOver;
    }
    this.#next = (this.#next + 1) % limits.choicesKept;
  }

  /** The latest first. */
  all(): readonly Choice[] {
    const { length } = this.#slots;
    return this.#slots.map(
      (_, index) => this.#slots[(this.#next - 1 - index + 2 * length) % length] as Slot,
    );
  }
}

function choiceOf({ endpoint, number, by, passedOver }: Attempt<unknown>, nowMs: number): Slot {
  return { atMs: nowMs, instance: endpoint.instance.id, attempt: number, by, passedOver };
}
