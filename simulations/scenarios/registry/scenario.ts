import type { Host } from 'holdfast/host';
import {
  createRegistryClient,
  EmbeddedStore,
  newIncarnation,
  type RegistryStore,
  sameInstances,
} from 'holdfast/registry';
import {
  type FaultKind,
  type Scenario,
  type SimulatedHost,
  type Simulation,
  type Subject,
  swarm,
} from 'holdfast/simulator';
import { BuggyStore, NeverRenewing, type RegistryBug } from './bugs.ts';
import { Checks, service } from './checks.ts';
import { serve } from './server.ts';
import { addressOf, SimulatedTransport } from './transport.ts';

/**
 * One or two registries, five instances, three watchers, on a network that loses, repeats, delays and
 * divides. Registries and instances crash, pause and come back; instances drain and are replaced. Store,
 * client and cores are those of production; only HTTP is not.
 *
 * Held at every step: within one life of a registry each change has the next revision, and a watcher gets
 * each exactly once; an incarnation that was removed is not listed again, none supersedes a later one, and
 * none is listed with what it never announced; of an id at most one incarnation is shown; what is known
 * stays known, and changes only on a registry's word; an instance that lives and is heard by its registry
 * is not dropped. In the end all lists are equal and true.
 */
export function registryScenario(bug?: RegistryBug): Scenario {
  return {
    name: bug === undefined ? 'registry' : `registry-${bug}`,
    summary: 'registries, instances and watchers that lose each other',
    faults: (prng) => swarm(prng, { kinds: faultKinds, downHostsMax: 3 }),
    safetyMs: 40_000,
    convergenceMs: 60_000,
    run: (simulation) => new RegistrySubject(simulation, bug),
  };
}

const faultKinds: readonly FaultKind[] = [
  'loss',
  'duplication',
  'reordering',
  'splitting',
  'partition',
  'clog',
  'crash',
  'power-cut',
  'pause',
  'clock-offset',
  'clock-drift',
  'clock-jump',
];

const instances = ['a1', 'a2', 'a3', 'a4', 'a5'];
const watchers = ['w1', 'w2', 'w3'];

class RegistrySubject implements Subject {
  readonly #simulation: Simulation;
  readonly #bug: RegistryBug | undefined;
  readonly #checks: Checks;
  readonly #registries: readonly string[];
  /** By host: what it lists, or shows, in its present life. */
  readonly #stores = new Map<string, RegistryStore>();
  readonly #shown = new Map<string, Parameters<typeof sameInstances>[0]>();
  /** By host: makes its instance leave in order. */
  readonly #drains = new Map<string, () => void>();
  #loads = true;
  #ports = 0;

  constructor(simulation: Simulation, bug: RegistryBug | undefined) {
    this.#simulation = simulation;
    this.#bug = bug;
    this.#checks = new Checks(simulation);
    this.#registries = simulation.prng.chance(0.5) ? ['r1'] : ['r1', 'r2'];
    for (const name of this.#registries) {
      const machine = simulation.host(name);
      machine.boot((host) => this.#runRegistry(machine, host));
    }
    for (const name of instances) simulation.host(name).boot((host) => this.#runInstance(name, host));
    for (const name of watchers) simulation.host(name).boot((host) => this.#runWatcher(name, host));
    this.#drainSomeone();
  }

  invariant(): string | undefined {
    return this.#checks.look();
  }

  stopLoad(): void {
    this.#loads = false;
  }

  unsettled(): string | undefined {
    const { truth } = this.#checks;
    const expected = instances.flatMap((id) => truth.get(id) ?? []);
    if (expected.length < instances.length) return `${expected.length} instances announce themselves`;
    for (const name of this.#registries) {
      const listed = listedBy(this.#stores.get(name));
      if (!sameInstances(listed, expected))
        return `${name} lists ${ids(listed)}, true are ${ids(expected)}`;
    }
    for (const name of watchers) {
      const shown = this.#shown.get(name) ?? [];
      if (!sameInstances(shown, expected)) return `${name} shows ${ids(shown)}, true are ${ids(expected)}`;
    }
    return undefined;
  }

  #runRegistry(machine: SimulatedHost, host: Host): void {
    const silence = this.#checks.registryStarted(machine);
    const embedded = new EmbeddedStore({
      host,
      warmingMs: this.#bug === 'cold-restart' ? 0 : undefined,
      observe: (event) => {
        if (event.type === 'changed') this.#checks.changed(epochOf(embedded), event.change);
        else this.#simulation.note(machine.name, event.type, JSON.stringify(event));
      },
    });
    const store = new BuggyStore(embedded, this.#bug);
    this.#stores.set(machine.name, store);
    const heard: RegistryStore = {
      put: (request, done) =>
        store.put(request, (outcome) => {
          const { incarnation } = request.instance;
          if (outcome.result === 'listed') silence.heard(incarnation, request.sequence ?? 0);
          done(outcome);
        }),
      remove: (request, done) => store.remove(request, done),
      list: (only, done) => store.list(only, done),
      watch: (request, send, end) => store.watch(request, send, end),
      close: () => store.close(),
    };
    serve(this.#simulation, host, machine.name, heard, (watcher) =>
      this.#checks.streamBegins(machine.name, watcher),
    );
  }

  #runInstance(name: string, host: Host): void {
    const client = createRegistryClient({
      host,
      registries: this.#registries.map(addressOf),
      transport: this.#transport(name, host),
    });
    const port = ++this.#ports;
    const incarnation = newIncarnation(host);
    let instance = { id: name, incarnation, host: name, port, state: 'starting' as const, weight: 1 };
    const say = (state: 'starting' | 'ready' | 'draining'): void => {
      instance = { ...instance, state: state as 'starting' };
      this.#checks.announces(instance);
      announcement.setState(state);
    };
    this.#checks.announces(instance);
    const announcement = client.announce(instance, service);
    const starting = host.clock.setTimer(1 + 300 * host.random.fraction(), () => say('ready'));
    this.#drains.set(name, () => {
      this.#drains.delete(name);
      starting.cancel();
      say('draining');
      host.clock.setTimer(250, () => {
        this.#checks.gone(instance);
        announcement.withdraw(() => this.#exit(name));
      });
    });
  }

  #runWatcher(name: string, host: Host): void {
    const checks = this.#checks.watcher(name);
    const client = createRegistryClient({
      host,
      registries: this.#registries.map(addressOf),
      transport: new SimulatedTransport(this.#simulation, host, name, checks),
      confirmBeats: this.#bug === 'cold-restart' || this.#bug === 'hasty-watcher' ? 0 : undefined,
      observe: (event) => this.#simulation.note(name, event.type, JSON.stringify(event)),
    });
    this.#shown.delete(name);
    client.discovery.watch(service, (view) => {
      if (view.status === 'known') this.#shown.set(name, view.instances);
      this.#simulation.note(name, 'shows', view.status === 'known' ? ids(view.instances) : view.status);
      checks.published(view);
    });
  }

  #transport(name: string, host: Host): SimulatedTransport | NeverRenewing {
    const transport = new SimulatedTransport(this.#simulation, host, name);
    return this.#bug === 'no-renewal' ? new NeverRenewing(transport, host) : transport;
  }

  /** Now and then an instance is replaced as a deployment does it. */
  #drainSomeone(): void {
    const { prng } = this.#simulation;
    this.#simulation.after(500 + prng.below(8_000), () => {
      if (!this.#loads) return;
      const name = instances[prng.below(instances.length)] ?? '';
      const host = this.#simulation.host(name);
      if (host.up && !host.paused) this.#drains.get(name)?.();
      this.#drainSomeone();
    });
  }

  #exit(name: string): void {
    const host = this.#simulation.host(name);
    host.crash('process');
    this.#simulation.after(this.#simulation.prng.below(2_000), () => {
      if (!host.up) host.restart();
    });
  }
}

function epochOf(store: RegistryStore): string {
  let epoch = '';
  store.list(undefined, (listing) => {
    if (listing.result === 'listing') epoch = listing.position.epoch;
  });
  return epoch;
}

type Instances = Parameters<typeof sameInstances>[0];

function listedBy(store: RegistryStore | undefined): Instances {
  let listed: Instances = [];
  store?.list(service, (listing) => {
    if (listing.result === 'listing') listed = listing.instances.map(({ instance }) => instance);
  });
  return [...listed].sort((left, right) => (left.id < right.id ? -1 : 1));
}

function ids(list: Instances): string {
  return `[${list.map(({ id, incarnation, state }) => `${id}!${incarnation.slice(-4)}:${state}`).join(' ')}]`;
}
