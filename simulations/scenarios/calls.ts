import {
  type Discovery,
  type DiscoveryView,
  Exchange,
  type Instance,
  type Outcome,
  UpstreamDriver,
} from 'holdfast/calls';
import type { Connection, Host } from 'holdfast/host';
import { type Scenario, type Simulation, type Subject, swarm } from 'holdfast/simulator';
import { HoldfastError, type Prng } from 'holdfast/std';

/**
 * One caller and three instances of a service over a lossy network: instances are slow, busy, broken or
 * silent, crash and come back, and the list of them changes. The caller's decisions are those of production:
 * its core and driver, with a transport of one connection an attempt.
 *
 * Held at every step: a call that is not idempotent takes effect at most once; every call ends exactly once
 * and not after its deadline. In the end every call has ended, and a further one succeeds.
 */
export type CallsBug = 'claims-unsent' | 'forgets-deadline';

const service = 'a';
const port = 80;
const instanceNames = ['a1', 'a2', 'a3'];
const temperaments = ['good', 'good', 'slow', 'failing', 'busy', 'silent', 'breaking'] as const;
type Temperament = (typeof temperaments)[number];

export function callsScenario(bug?: CallsBug): Scenario {
  return {
    name: bug === undefined ? 'calls' : `calls-${bug}`,
    summary: 'a caller, three instances, everything that may go wrong between them',
    faults: (prng) => swarm(prng, { kinds: faultsOfCalls }),
    safetyMs: 20_000,
    convergenceMs: 20_000,
    run: (simulation) => new CallsSubject(simulation, bug),
  };
}

const faultsOfCalls = [
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
] as const;

class CallsSubject implements Subject {
  readonly executions = new Map<number, number>();
  readonly pending = new Set<SimulatedCall>();
  readonly bug: CallsBug | undefined;
  readonly #simulation: Simulation;
  readonly #discovery: ChangingDiscovery;
  problem: string | undefined;
  calls = 0;
  succeeded = 0;
  #healthy = false;
  #succeededBefore = 0;

  constructor(simulation: Simulation, bug: CallsBug | undefined) {
    this.#simulation = simulation;
    this.bug = bug;
    this.#discovery = new ChangingDiscovery();
    for (const name of instanceNames) {
      simulation.host(name).boot((host) => new SimulatedInstance(host, this, this.#temperament()).listen());
    }
    simulation.host('caller').boot((host) => this.#call(host));
    this.#changeList();
  }

  invariant(): string | undefined {
    const caller = this.#simulation.host('caller');
    for (const call of this.pending) {
      if (!caller.up || call.host !== this.#life) this.pending.delete(call);
      else if (caller.paused) call.paused = true;
    }
    return this.problem;
  }

  stopLoad(): void {
    this.#healthy = true;
    this.#succeededBefore = this.succeeded;
    for (const name of instanceNames) {
      const host = this.#simulation.host(name);
      host.crash('process');
      host.restart();
    }
    this.#discovery.set(instanceNames.map((name) => instanceOf(name, 'ready')));
  }

  unsettled(): string | undefined {
    for (const call of this.pending) {
      if (call.host.clock.nowMs() > call.deadlineMs + 1) return `call ${call.number} has not ended`;
    }
    return this.succeeded > this.#succeededBefore ? undefined : 'no call has succeeded since all is well';
  }

  executed(number: number, idempotent: boolean): void {
    const times = (this.executions.get(number) ?? 0) + 1;
    this.executions.set(number, times);
    if (times > 1 && !idempotent) {
      this.problem = `call ${number}, not idempotent, was executed ${times} times`;
    }
  }

  #life: Host | undefined;

  #temperament(): Temperament {
    return this.#healthy ? 'good' : pick(this.#simulation.prng, temperaments);
  }

  /** The caller's program: calls at random moments, for as long as this life lasts. */
  #call(host: Host): void {
    this.#life = host;
    const upstream = new UpstreamDriver({ service, host, discovery: this.#discovery });
    const { prng } = this.#simulation;
    const next = (): void => {
      host.clock.setTimer(1 + prng.below(200), () => {
        const timeoutMs = 50 + prng.below(1_000);
        const call = new SimulatedCall(this, host, ++this.calls, prng.chance(0.5), timeoutMs);
        this.pending.add(call);
        const allowedMs = this.bug === 'forgets-deadline' ? timeoutMs * 20 : timeoutMs;
        upstream.start(call, { timeoutMs: allowedMs, idempotent: call.idempotent });
        next();
      });
    };
    next();
  }

  /** The registry's list as the caller sees it: instances come, go, and drain. */
  #changeList(): void {
    const { prng } = this.#simulation;
    if (this.#healthy) return;
    const names = instanceNames.filter(() => prng.chance(0.85));
    this.#discovery.set(names.map((name) => instanceOf(name, prng.chance(0.9) ? 'ready' : 'draining')));
    this.#simulation.after(100 + prng.below(3_000), () => this.#changeList());
  }
}

/** A call over one connection an attempt: `<number> <idempotent>\n` there, the status and `\n` back. */
class SimulatedCall extends Exchange {
  readonly host: Host;
  readonly number: number;
  readonly idempotent: boolean;
  readonly deadlineMs: number;
  paused = false;
  readonly #subject: CallsSubject;
  #connection: Connection | undefined;
  #status = '';
  #ended = false;

  constructor(subject: CallsSubject, host: Host, number: number, idempotent: boolean, timeoutMs: number) {
    super();
    this.#subject = subject;
    this.host = host;
    this.number = number;
    this.idempotent = idempotent;
    this.deadlineMs = host.clock.nowMs() + timeoutMs;
  }

  override send(instance: Instance, _remainingMs: number, settled: (outcome: Outcome) => void): void {
    let opened = false;
    let answer = '';
    const connection = this.host.network.connect(instance, {
      opened: () => {
        opened = true;
        connection.write(Buffer.from(`${this.number} ${this.idempotent}\n`));
      },
      received: (bytes) => {
        answer += Buffer.from(bytes).toString();
        if (!answer.endsWith('\n')) return;
        this.#status = answer.trim();
        settled({ type: 'answered', verdict: verdictOf(this.#status) });
        connection.destroy();
      },
      closed: () => {
        if (answer.endsWith('\n')) return;
        const mayHaveExecuted = opened && this.#subject.bug !== 'claims-unsent';
        settled({
          type: 'failed',
          error: new HoldfastError('unavailable', 'broken off', { mayHaveExecuted }),
        });
      },
    });
    this.#connection = connection;
  }

  override abort(): void {
    this.#connection?.destroy();
  }

  override deliver(): void {
    if (this.#status === '200') this.#subject.succeeded += 1;
    this.#end();
  }

  override fail(): void {
    this.#end();
  }

  #end(): void {
    const lateMs = this.host.clock.nowMs() - this.deadlineMs;
    if (this.#ended) this.#subject.problem = `call ${this.number} ended twice`;
    if (lateMs > 1 && !this.paused) {
      this.#subject.problem = `call ${this.number} ended ${lateMs.toFixed(1)} ms after its deadline`;
    }
    this.#ended = true;
    this.#subject.pending.delete(this);
  }
}

class SimulatedInstance {
  readonly #host: Host;
  readonly #subject: CallsSubject;
  readonly #temperament: Temperament;

  constructor(host: Host, subject: CallsSubject, temperament: Temperament) {
    this.#host = host;
    this.#subject = subject;
    this.#temperament = temperament;
  }

  listen(): void {
    const address = { host: '0.0.0.0', port };
    this.#host.network.listen(
      address,
      (connection) => this.#accept(connection),
      () => {},
    );
  }

  #accept(connection: Connection) {
    let request = '';
    return {
      received: (bytes: Uint8Array) => {
        request += Buffer.from(bytes).toString();
        if (request.endsWith('\n')) this.#answer(connection, request.trim());
      },
      closed: () => {},
    };
  }

  #answer(connection: Connection, request: string): void {
    const [number, idempotent] = request.split(' ');
    const reply = (status: string): void => {
      connection.write(Buffer.from(`${status}\n`));
    };
    if (this.#temperament === 'busy') {
      reply('503');
      return;
    }
    this.#subject.executed(Number(number), idempotent === 'true');
    if (this.#temperament === 'silent') return;
    if (this.#temperament === 'breaking') connection.destroy();
    else if (this.#temperament === 'failing') reply('500');
    else this.#host.clock.setTimer(this.#temperament === 'slow' ? 400 : 2, () => reply('200'));
  }
}

class ChangingDiscovery implements Discovery {
  #view: DiscoveryView = { status: 'asking' };
  readonly #listeners = new Set<(view: DiscoveryView) => void>();

  watch(_service: string, listener: (view: DiscoveryView) => void): () => void {
    this.#listeners.add(listener);
    listener(this.#view);
    return () => this.#listeners.delete(listener);
  }

  set(instances: readonly Instance[]): void {
    this.#view = { status: 'known', instances };
    for (const listener of this.#listeners) listener(this.#view);
  }
}

function instanceOf(name: string, state: Instance['state']): Instance {
  return { id: name, incarnation: 'i', host: name, port, state, weight: 1 };
}

function verdictOf(status: string): 'ok' | 'failed' | 'overloaded' {
  if (status === '200') return 'ok';
  return status === '503' ? 'overloaded' : 'failed';
}

function pick<T>(prng: Prng, among: readonly T[]): T {
  return among[prng.below(among.length)] as T;
}
