import type { Damage } from '../index.ts';

/**
 * What a journal was told, as somebody who cannot be crashed remembers it. A recovery has to show all that
 * was reported durable, and nothing but what was appended, in order, each once.
 */
export class History {
  /** What was appended at each position; the last of it may be there or not. */
  #appended: string[] = [];
  #durable = 0;
  /** Whether bytes may rot: then records may be lost, but not in silence. */
  readonly #rots: boolean;

  constructor(options: { readonly rots: boolean }) {
    this.#rots = options.rots;
  }

  get length(): number {
    return this.#appended.length;
  }

  get durable(): number {
    return this.#durable;
  }

  /** Everything before a position, for a snapshot. */
  before(position: number): readonly string[] {
    return this.#appended.slice(0, position);
  }

  append(label: string): number {
    return this.#appended.push(label) - 1;
  }

  /** Undefined, or what is wrong with that. */
  reportedDurable(position: number): string | undefined {
    if (position !== this.#durable) return `Record ${position} is durable before ${this.#durable} is.`;
    this.#durable++;
    return undefined;
  }

  /** Undefined, or what is wrong with that. From here on it is the truth. */
  recovered(shown: readonly string[], damage: readonly Damage[]): string | undefined {
    const wrong = this.#problemOf(shown, damage);
    this.#appended = [...shown];
    this.#durable = shown.length;
    return wrong;
  }

  #problemOf(shown: readonly string[], damage: readonly Damage[]): string | undefined {
    const odd = damage.find((each) => each.where !== 'tail');
    if (odd !== undefined && !this.#rots)
      return `There is damage where nothing rots: ${JSON.stringify(odd)}.`;
    const wrong = shown.findIndex((label, position) => label !== this.#appended[position]);
    if (wrong >= 0) {
      const appended = this.#appended[wrong] ?? 'nothing';
      return `Record ${wrong} is ${shown[wrong]}, where ${appended} was appended.`;
    }
    const excused = this.#rots ? damage.map((each) => each.position) : [];
    if (shown.length >= Math.min(this.#durable, ...excused)) return undefined;
    return `${shown.length} records are left of ${this.#durable} that were durable.`;
  }
}
