import type { Enrolment, Enrolments } from './enrolments.ts';
import { limits } from './limits.ts';

/** Enrolments that were refused and may be kept all the same: removed once that is possible again. */
export class TakeBacks {
  readonly #enrolments: Enrolments;
  /** By incarnation, oldest first. */
  readonly #waiting = new Map<string, Enrolment>();

  constructor(enrolments: Enrolments) {
    this.#enrolments = enrolments;
  }

  /** `before`: what was kept in its place. Where there is one, either of them says the same. */
  add(enrolment: Enrolment, before: Enrolment | undefined): void {
    if (before !== undefined) return;
    this.#waiting.set(enrolment.incarnation, enrolment);
    const [oldest] = this.#waiting.keys();
    if (this.#waiting.size > limits.takeBacksMax && oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** Up to the first that still cannot be removed. */
  async removeAll(): Promise<void> {
    for (const enrolment of [...this.#waiting.values()]) {
      const removed = await this.#enrolments.remove(enrolment);
      if (removed.result === 'failed') return;
      this.#waiting.delete(enrolment.incarnation);
    }
  }
}
