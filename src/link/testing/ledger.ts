import type { Host } from '../../host/index.ts';
import type { RequestOutcome } from '../index.ts';

/** What must hold across the processes of a swarm, and what they have done, so that it cannot be nothing. */
export class Ledger {
  messages = 0;
  readonly outcomes: Record<RequestOutcome['kind'], number> = {
    answered: 0,
    refused: 0,
    busy: 0,
    timeout: 0,
    down: 0,
  };
  ups = 0;
  /** Links that went up or down. */
  changes = 0;
  streams = 0;
  problem: string | undefined;
  readonly #open = new Map<Host, number>();
  readonly #served = new Set<number>();
  readonly #unsent = new Set<number>();
  readonly #settled = new Set<number>();
  #lastId = 0;

  expect(holds: boolean, invariant: string): void {
    if (!holds) this.problem ??= `Broken: ${invariant}.`;
  }

  wentUp(): void {
    this.ups++;
    this.changes++;
  }

  wentDown(): void {
    this.changes++;
  }

  asked(): number {
    return ++this.#lastId;
  }

  served(id: number): void {
    this.expect(!this.#served.has(id), `request ${id} is delivered once`);
    this.expect(!this.#unsent.has(id), `request ${id} was said not to be delivered`);
    this.#served.add(id);
  }

  settled(id: number, outcome: RequestOutcome): void {
    this.expect(!this.#settled.has(id), `request ${id} is settled once`);
    this.#settled.add(id);
    this.outcomes[outcome.kind]++;
    const isUnsent = outcome.kind === 'busy' || (outcome.kind === 'down' && !outcome.mayHaveBeenDelivered);
    if (isUnsent) {
      this.#unsent.add(id);
      this.expect(!this.#served.has(id), `request ${id} is said not to be delivered, and was`);
    }
    if (outcome.kind === 'answered') this.expect(this.#served.has(id), `request ${id} was served`);
  }

  /** Of the process with this host: one that dies takes its streams with it. */
  openedStream(host: Host): void {
    this.#open.set(host, (this.#open.get(host) ?? 0) + 1);
    this.streams++;
  }

  closedStream(host: Host): void {
    const open = (this.#open.get(host) ?? 0) - 1;
    this.expect(open >= 0, 'a stream is closed once');
    this.#open.set(host, open);
  }

  openStreams(host: Host): number {
    return this.#open.get(host) ?? 0;
  }
}
