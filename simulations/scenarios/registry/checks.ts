import type { DiscoveryView, Instance } from 'holdfast/calls';
import { type Change, decodeFrame, type Position, SseParser, type WatchFrame } from 'holdfast/registry';
import type { SimulatedHost, Simulation } from 'holdfast/simulator';
import { must } from 'holdfast/std';
import { EpochHistory } from './history.ts';
import { Silence } from './silence.ts';
import type { StreamTap } from './transport.ts';

export const service = 'a';

/** Three keep-alives of a registry whose clock runs fast. */
const confirmMsMin = 5_500;

/** Everything that must hold at every step. The first thing that does not is `problem`. */
export class Checks {
  problem: string | undefined;
  /**
   * What each instance announces at this moment, by id: the truth. Withdrawn and dead ones are not in it.
   */
  readonly truth = new Map<string, Instance>();
  readonly #simulation: Simulation;
  /** By id: the incarnation that sorts last. */
  readonly #latest = new Map<string, string>();
  readonly #announced = new Map<string, Instance>();
  readonly #epochs = new Map<string, EpochHistory>();
  readonly #streams = new Map<string, number>();
  readonly #silences = new Map<string, Silence>();

  constructor(simulation: Simulation) {
    this.#simulation = simulation;
  }

  look(): string | undefined {
    for (const silence of this.#silences.values()) silence.look();
    return this.problem;
  }

  announces(instance: Instance): void {
    const { id, incarnation } = instance;
    this.truth.set(id, instance);
    const latest = this.#latest.get(id) ?? '';
    if (incarnation > latest) this.#latest.set(id, incarnation);
    this.#announced.set(instance.incarnation, instance);
  }

  gone(instance: Instance): void {
    if (this.truth.get(instance.id)?.incarnation === instance.incarnation) this.truth.delete(instance.id);
  }

  registryStarted(host: SimulatedHost): Silence {
    const silence = this.#silences.get(host.name) ?? new Silence(this.#simulation, host);
    this.#silences.set(host.name, silence);
    silence.started();
    return silence;
  }

  changed(epoch: string, change: Change): void {
    const history = this.#epochs.get(epoch) ?? new EpochHistory();
    this.#epochs.set(epoch, history);
    this.#blame(`registry ${epoch}`, history.append(change));
    if (change.kind !== 'put') return;
    const { id, incarnation, host, port } = change.instance;
    const announced = this.#announced.get(incarnation);
    if (announced?.host === host && announced.port === port && announced.id === id) return;
    this.#blame(`registry ${epoch}`, `${id} is listed with what ${incarnation} never announced`);
  }

  /** A registry begins to send to a watcher. */
  streamBegins(registry: string, watcher: string): void {
    this.#streams.set(`${registry} ${watcher}`, this.#simulation.nowMs);
  }

  streamAgeMs(registry: string, watcher: string): number {
    return this.#simulation.nowMs - (this.#streams.get(`${registry} ${watcher}`) ?? 0);
  }

  watcher(name: string): WatcherChecks {
    return new WatcherChecks(name, this);
  }

  epoch(epoch: string): EpochHistory {
    return this.#epochs.get(epoch) ?? new EpochHistory();
  }

  silence(registry: string): Silence {
    return must(this.#silences.get(registry), `registry ${registry}`);
  }

  /**
   * Whether it must not be dropped. One whose clock had been set back before it started may be superseded
   * by late news of its own past, for a lease: it is not held to this, only to convergence.
   */
  mustStay({ id, incarnation }: Instance): boolean {
    if (incarnation !== this.#latest.get(id)) return false;
    return this.truth.get(id)?.incarnation === incarnation && this.#simulation.host(id).up;
  }

  blame(name: string, problem: string | undefined): void {
    this.#blame(name, problem);
  }

  #blame(name: string, problem: string | undefined): void {
    if (problem !== undefined) this.problem ??= `${name}: ${problem}`;
  }
}

/** One life of a watcher. */
class WatcherChecks implements StreamTap {
  readonly #name: string;
  readonly #checks: Checks;
  #parser = new SseParser(1_000_000);
  #registry = '';
  #position: Position | undefined;
  #isReceiving = false;
  #shown: readonly Instance[] | undefined;

  constructor(name: string, checks: Checks) {
    this.#name = name;
    this.#checks = checks;
  }

  opened(registry: string): void {
    this.#registry = registry;
    this.#parser = new SseParser(1_000_000);
  }

  received(bytes: Uint8Array, handle: () => void): void {
    for (const block of this.#parser.push(bytes)) {
      const frame = decodeFrame(block);
      if (frame !== undefined) this.#frame(frame);
    }
    this.#isReceiving = true;
    handle();
    this.#isReceiving = false;
  }

  #frame(frame: WatchFrame): void {
    const { epoch } = frame.position;
    const revision = this.#position?.epoch === epoch ? this.#position.revision : undefined;
    this.#checks.blame(this.#name, this.#checks.epoch(epoch).problemOf(frame, service, revision));
    this.#position = frame.position;
  }

  published(view: DiscoveryView): void {
    const before = this.#shown;
    if (view.status !== 'known') {
      if (before !== undefined) this.#checks.blame(this.#name, `what was known is ${view.status}`);
      return;
    }
    this.#shown = view.instances;
    if (!this.#isReceiving) this.#checks.blame(this.#name, 'the list changes without word from a registry');
    if (new Set(view.instances.map(({ id }) => id)).size < view.instances.length) {
      this.#checks.blame(this.#name, 'two incarnations of an id are listed');
    }
    const incarnations = new Set(view.instances.map(({ incarnation }) => incarnation));
    for (const instance of before ?? []) {
      if (!incarnations.has(instance.incarnation)) this.#dropped(instance);
    }
  }

  /**
   * A live instance may only be dropped when its registry had not heard of it for a lease, and not right
   * after a reconnect: the registry may have been out of everybody's reach.
   */
  #dropped(instance: Instance): void {
    if (!this.#checks.mustStay(instance)) return;
    const registry = this.#registry;
    const { id, incarnation } = instance;
    if (!this.#checks.silence(registry).mayHaveDropped(incarnation)) {
      this.#checks.blame(this.#name, `${id}, alive and heard by ${registry}, is dropped`);
    }
    const ageMs = this.#checks.streamAgeMs(registry, this.#name);
    if (ageMs >= confirmMsMin) return;
    this.#checks.blame(
      this.#name,
      `${id}, alive, is dropped ${Math.round(ageMs)} ms after ${registry} was reached`,
    );
  }
}
