import type { Instance } from '../../calls/index.ts';
import type { Host, Timer } from '../../host/index.ts';
import { drive, type Observe, unreachable } from '../../std/index.ts';
import { AnnouncerCore } from '../core/announcer.ts';
import type { AnnounceAnswer, AnnouncerEffect, AnnouncerEvent } from '../core/announcer-events.ts';
import type { Sequence } from '../core/sequence.ts';
import type { RegistryEvent } from '../events.ts';
import type { RegistryTransport } from './transport.ts';

export interface AnnouncingOptions {
  readonly host: Host;
  readonly transport: RegistryTransport;
  readonly registry: string;
  readonly service: string;
  /** One for all announcers of the instance. */
  readonly sequence: Sequence;
  readonly leaseMs: number | undefined;
  readonly observe: Observe<RegistryEvent>;
}

/** Runs the announcer of one instance towards one registry. */
export class Announcing {
  readonly #options: AnnouncingOptions;
  readonly #step: (event: AnnouncerEvent) => void;
  #timer: Timer | undefined;
  #giveUp: (() => void) | undefined;
  #withdrawn: ((confirmed: boolean) => void) | undefined;

  constructor(options: AnnouncingOptions) {
    this.#options = options;
    const { registry, service, sequence } = options;
    this.#step = drive(new AnnouncerCore({ registry, service, sequence }), (effect) => this.#run(effect));
  }

  announce(instance: Instance): void {
    this.#step({ type: 'announce', nowMs: this.#options.host.clock.nowMs(), instance });
  }

  /** `done` is called once, within `limits.withdrawMs`. */
  withdraw(done: (confirmed: boolean) => void): void {
    this.#withdrawn = done;
    this.#step({ type: 'withdraw', nowMs: this.#options.host.clock.nowMs() });
  }

  /** Stops at once; the registry is told nothing and drops the instance when its lease runs out. */
  close(): void {
    this.#timer?.cancel();
    this.#giveUp?.();
  }

  #run(effect: AnnouncerEffect): void {
    const { transport, registry, service, leaseMs, observe } = this.#options;
    switch (effect.type) {
      case 'put': {
        const { attempt, instance, sequence } = effect;
        const request = { service, instance, leaseMs, sequence };
        this.#giveUp = transport.put(registry, request, (answer) => this.#answered(attempt, answer));
        return;
      }
      case 'delete': {
        const { id, incarnation } = effect.instance;
        const done = (answer: AnnounceAnswer) => this.#answered(effect.attempt, answer);
        this.#giveUp = transport.remove(registry, { service, id, incarnation }, done);
        return;
      }
      case 'cancel':
        this.#giveUp?.();
        return;
      case 'wake':
        this.#wake(effect.atMs);
        return;
      case 'withdrawn':
        this.#withdrawn?.(effect.confirmed);
        return;
      case 'report':
        observe(effect.report);
        return;
      default:
        unreachable(effect);
    }
  }

  #answered(attempt: number, answer: AnnounceAnswer): void {
    const { clock, random } = this.#options.host;
    this.#step({ type: 'answered', attempt, nowMs: clock.nowMs(), random: random.fraction(), answer });
  }

  #wake(atMs: number | undefined): void {
    const { clock, random } = this.#options.host;
    this.#timer?.cancel();
    this.#timer = undefined;
    if (atMs === undefined) return;
    this.#timer = clock.setTimer(Math.max(0, atMs - clock.nowMs()), () =>
      this.#step({ type: 'woken', nowMs: clock.nowMs(), random: random.fraction() }),
    );
  }
}
