import { drive } from '../../std/index.ts';
import type { Answer, Effect, Event, Report } from '../core/events.ts';
import { Replica } from '../core/replica.ts';
import { limits } from '../limits.ts';
import { messageKinds } from '../messages.ts';

type EventWithoutTime = Event extends infer E
  ? E extends Event
    ? Omit<E, 'nowMs' | 'wallMs'>
    : never
  : never;

interface Message {
  readonly from: string;
  readonly to: string;
  readonly kind: number;
  readonly payload: Uint8Array;
}

/**
 * Cores of replicas without drivers: time, the disk and the network are the test's own. Nothing becomes
 * durable and nothing arrives until it says so.
 */
export class CoreNetwork {
  nowMs = 0;
  /** Sent and not delivered yet, oldest first. */
  readonly messages: Message[] = [];
  readonly reports: (Report & { readonly at: string })[] = [];
  readonly answers = new Map<unknown, Answer>();
  /** By address: appends that are not durable yet. */
  readonly undurable = new Map<string, number>();
  /** Peers a replica wanted to be cut off from. */
  readonly cutOff: { readonly at: string; readonly peer: string }[] = [];
  readonly #replicas = new Map<string, Replica>();
  readonly #steps = new Map<string, (event: Event) => void>();

  /** `idsFrom`: the first of the ids it draws, in the place of chance. */
  constructor(addresses: readonly string[], idsFrom = 0) {
    let ids = idsFrom;
    const newId = (): string => (++ids).toString(16).padStart(16, '0');
    for (const address of addresses) {
      const { causalWaitMs, antiEntropyMs } = limits;
      const options = { address, list: addresses, group: 0, causalWaitMs, antiEntropyMs, seed: 1, newId };
      const replica = new Replica(options);
      replica.ledger.recovered();
      this.#replicas.set(address, replica);
      this.#steps.set(
        address,
        drive(replica, (effect) => this.#run(address, effect)),
      );
      this.do(address, { type: 'start' });
      this.sync(address);
    }
  }

  replica(address: string): Replica {
    return this.#replicas.get(address) as Replica;
  }

  do(address: string, event: EventWithoutTime): void {
    this.#steps.get(address)?.({ ...event, nowMs: this.nowMs, wallMs: this.nowMs } as Event);
  }

  /** All that a replica has appended becomes durable. */
  sync(address: string): void {
    const appends = this.undurable.get(address) ?? 0;
    this.undurable.set(address, 0);
    if (appends > 0) this.do(address, { type: 'durable', appends });
  }

  /** Both sides of a link are told that it stands. */
  link(one: string, two: string): void {
    this.do(one, { type: 'peer-up', address: two });
    this.do(two, { type: 'peer-up', address: one });
  }

  /** Takes the next batch of records for a peer off its sender, as a link with room would. */
  pump(from: string, to: string): Message | undefined {
    const payload = this.replica(from).exchange.nextRecords(to);
    if (payload === undefined || payload === 'too-far-behind') return undefined;
    return { from, to, kind: messageKinds.records, payload };
  }

  deliver({ from, to, kind, payload }: Message): void {
    this.do(to, { type: 'message', from, kind, payload });
  }

  /** Delivers everything, records included, with disks that are done at once, until nothing moves. */
  settle(): void {
    for (let round = 0; round < 100; round++) {
      const moved = [...this.messages.splice(0), ...this.#batches()];
      for (const message of moved) this.deliver(message);
      for (const address of this.#replicas.keys()) this.sync(address);
      if (moved.length === 0 && this.messages.length === 0) return;
    }
    throw new Error('The replicas do not come to rest.');
  }

  wait(ms: number): void {
    this.nowMs += ms;
    for (const address of this.#replicas.keys()) this.do(address, { type: 'wake' });
  }

  #batches(): Message[] {
    const addresses = [...this.#replicas.keys()];
    return addresses.flatMap((from) =>
      addresses.flatMap((to) => (from === to ? [] : (this.pump(from, to) ?? []))),
    );
  }

  #run(at: string, effect: Effect): void {
    if (effect.type === 'append') this.undurable.set(at, (this.undurable.get(at) ?? 0) + 1);
    else if (effect.type === 'send') this.messages.push({ ...effect, from: at });
    else if (effect.type === 'answer') this.answers.set(effect.id, effect.answer);
    else if (effect.type === 'report') this.reports.push({ ...effect.report, at });
    else if (effect.type === 'cut-off') this.cutOff.push({ at, peer: effect.peer });
  }
}
