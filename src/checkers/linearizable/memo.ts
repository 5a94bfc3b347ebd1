import { limits } from './limits.ts';

/** The configurations a search has been in, as texts: exact, and bounded. */
export class Memo {
  readonly #seen = new Set<string>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number = limits.memoBytesMax) {
    this.#bytesMax = bytesMax;
  }

  /** Whether it is not known to have been met. Once there is no room what is new is not remembered. */
  isNew(configuration: string): boolean {
    if (this.#seen.has(configuration)) return false;
    const bytes = configuration.length + limits.memoEntryBytes;
    if (this.#bytes + bytes > this.#bytesMax) return true;
    this.#bytes += bytes;
    this.#seen.add(configuration);
    return true;
  }
}
