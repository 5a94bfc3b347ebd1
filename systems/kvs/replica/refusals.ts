import type { LinkEvent } from 'holdfast/link';
import { limits } from './limits.ts';

export type Refused = Extract<LinkEvent, { type: 'refused' }>;

/**
 * Which refusals of links are news. A peer may be refused again and again, many times a second: the first of
 * each kind is, then every hundredth, until a link to it has stood and is down again.
 */
export class Refusals {
  /** By peer, those refused last at the end: how often, by kind. */
  readonly #peers = new Map<string, Map<string, number>>();

  /** How often it has come by now, when that is worth a line. */
  count({ address = '', there, reason }: Refused): number | undefined {
    const kinds = this.#peers.get(address) ?? new Map<string, number>();
    const kind = `${there} ${reason}`;
    const times = (kinds.get(kind) ?? 0) + 1;
    kinds.set(kind, times);
    this.#peers.delete(address);
    this.#peers.set(address, kinds);
    this.#forgetOldest();
    return times === 1 || times % limits.refusalsEach === 0 ? times : undefined;
  }

  forget(address: string): void {
    this.#peers.delete(address);
  }

  /** Strangers may call themselves anything. */
  #forgetOldest(): void {
    if (this.#peers.size <= limits.refusedPeersMax) return;
    for (const address of this.#peers.keys()) {
      this.#peers.delete(address);
      return;
    }
  }
}
