import type { Clock } from '../../host/index.ts';
import type { Journal } from '../../journal/index.ts';

export type Refusing = 'full' | 'busy' | undefined;

export interface AppendsOptions {
  readonly clock: Clock;
  /** Undefined for a store that keeps nothing: what is appended is at once as durable as it will be. */
  readonly journal: Journal | undefined;
  /** So many more of what was appended are durable. */
  readonly onDurable: (appends: number) => void;
  readonly onRefusing: (refusing: Refusing) => void;
}

/**
 * The core's way to the journal. What the core has appended it counts on, so what the journal refuses for
 * lack of room waits here, in order, and the core is told to take nothing more. Those that become durable in
 * one go are reported together.
 */
export class Appends {
  readonly #options: AppendsOptions;
  #refused: Uint8Array[] = [];
  #refusing: Refusing;
  #durable = 0;
  #isRetryDue = false;

  constructor(options: AppendsOptions) {
    this.#options = options;
  }

  append(bytes: Uint8Array): void {
    if (this.#refused.length > 0 || !this.#give(bytes)) {
      this.#refused.push(bytes);
      this.#tell();
    }
  }

  /** The journal may have room again: it is tried once the event that says so is over. */
  retrySoon(): void {
    if (this.#refused.length === 0 || this.#isRetryDue) return;
    this.#isRetryDue = true;
    this.#options.clock.setTimer(0, () => {
      this.#isRetryDue = false;
      this.#retry();
    });
  }

  #retry(): void {
    let given = 0;
    while (given < this.#refused.length && this.#give(this.#refused[given] as Uint8Array)) given++;
    this.#refused.splice(0, given);
    this.#tell();
  }

  #give(bytes: Uint8Array): boolean {
    const { journal } = this.#options;
    if (journal !== undefined) return journal.append(bytes, this.#onDurable);
    this.#onDurable();
    return true;
  }

  readonly #onDurable = (): void => {
    if (this.#durable++ > 0) return;
    this.#options.clock.setTimer(0, () => {
      const appends = this.#durable;
      this.#durable = 0;
      this.#options.onDurable(appends);
    });
  };

  #tell(): void {
    const refusing = this.#refused.length === 0 ? undefined : this.#options.journal?.refusing;
    // After its end the journal takes nothing more; nobody is left to be told.
    const told = refusing === 'stopped' ? undefined : refusing;
    if (told === this.#refusing) return;
    this.#refusing = told;
    this.#options.clock.setTimer(0, () => this.#options.onRefusing(this.#refusing));
  }
}
