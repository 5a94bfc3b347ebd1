import type { DiscoveryView, Instance } from '../../../calls/index.ts';
import { createRegistryClient, type RegistryClient } from '../../../registry/index.ts';
import { host } from './registry-under-test.ts';
import { endOf, service, stateAt, stepOf } from './steps.ts';

/** Holds each view against the one before it and against what the instances really do. */
export class Watcher {
  readonly client: RegistryClient;
  /** What it was shown and never should have been. */
  readonly faults: string[] = [];
  /** The step at which each instance now is. */
  readonly #real: readonly number[];
  #shown: readonly Instance[] = [];

  constructor(address: string, real: readonly number[]) {
    this.#real = real;
    this.client = createRegistryClient({ host, registries: [address] });
    this.client.discovery.watch(service, (view) => this.#see(view));
  }

  /** Whether it shows every instance as it is, and no other. */
  get isRight(): boolean {
    const there = this.#real.filter((step) => stateAt(step) !== 'gone').length;
    return (
      there === this.#shown.length &&
      this.#shown.every((each) => stepOf(each) === this.#real[Number(each.id)])
    );
  }

  #see(view: DiscoveryView): void {
    if (view.status !== 'known') return;
    const before = this.#shown;
    this.#shown = view.instances;
    let news = 0;
    let at = 0;
    for (const instance of view.instances) {
      for (; (before[at]?.id ?? instance.id) < instance.id; at++, news++) this.#judgeDrop(before[at]);
      const old = before[at]?.id === instance.id ? before[at++] : undefined;
      if (old !== instance) news += this.#judgeChange(old, instance);
    }
    for (; at < before.length; at++, news++) this.#judgeDrop(before[at]);
    if (news === 0 && before.length > 0) this.faults.push('a view showed nothing new');
  }

  /** How many changes it is. */
  #judgeChange(old: Instance | undefined, instance: Instance): 0 | 1 {
    const step = stepOf(instance);
    const before = old === undefined ? -1 : stepOf(old);
    if (step === before) return 0;
    if (step < before) this.faults.push(`${instance.id} went back from step ${before} to ${step}`);
    const real = this.#real[Number(instance.id)] ?? -1;
    if (step > real) this.faults.push(`${instance.id} was shown at step ${step}, but it is at ${real}`);
    return 1;
  }

  #judgeDrop(dropped: Instance | undefined): void {
    if (dropped === undefined) return;
    const step = stepOf(dropped);
    const real = this.#real[Number(dropped.id)] ?? -1;
    if (real < endOf(step)) this.faults.push(`${dropped.id} was dropped, but it lives, at step ${real}`);
  }
}
