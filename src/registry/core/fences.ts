/**
 * Incarnations that are gone for good: none of them may come back, however late its renewal arrives.
 * Bounded; the oldest is forgotten first, long after anything of it can still be on its way.
 */
export class Fences {
  readonly #sizeMax: number;
  readonly #fenced = new Set<string>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  add(service: string, id: string, incarnation: string): void {
    const fence = key(service, id, incarnation);
    this.#fenced.delete(fence);
    this.#fenced.add(fence);
    if (this.#fenced.size <= this.#sizeMax) return;
    for (const oldest of this.#fenced) {
      this.#fenced.delete(oldest);
      return;
    }
  }

  has(service: string, id: string, incarnation: string): boolean {
    return this.#fenced.has(key(service, id, incarnation));
  }
}

const key = (service: string, id: string, incarnation: string): string => `${service}/${id}/${incarnation}`;
