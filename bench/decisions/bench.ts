import { type Balance, Call, type Instance, UpstreamCore } from 'holdfast/calls';
import { report } from '../measure/report.ts';

const sizes = [3, 30, 300];
const balances: readonly Balance[] = ['p2c', 'round-robin', 'least-in-flight', 'ring-hash'];
const rounds = 7;
const callsPerRound = 200_000;
const underWay = 64;

/** What the calls core costs: one call that enters, is placed, is answered and ends, without any network. */
export async function benchDecisions(): Promise<void> {
  const lines = ['| balance | state | 3 instances | 30 | 300 |', '|---|---|---:|---:|---:|'];
  for (const balance of balances) {
    for (const trouble of [false, true]) {
      const figures = sizes.map((size) => `${Math.round(measure(balance, size, trouble))}`);
      lines.push(`| ${balance} | ${trouble ? 'one ejected' : 'all well'} | ${figures.join(' | ')} |`);
    }
  }
  report('decisions', [
    { title: 'Nanoseconds for all decisions of one call', lines },
    {
      title: 'Method',
      lines: [
        '`npm run bench -- decisions`. One upstream core on virtual time, in one process: a call enters',
        '(budget, choice of an instance, attempt timeout), its outcome is taken (latency, breaker,',
        'quantiles), it ends.',
        `${underWay} are under way at a time and end in the order they came; ${rounds} rounds of`,
        `${callsPerRound.toLocaleString('en')} calls, the median, in processor time.`,
        'With one ejected its probes go and fail.',
      ],
    },
  ]);
}

function measure(balance: Balance, size: number, trouble: boolean): number {
  const bench = new Bench(balance, size, trouble);
  bench.run(callsPerRound);
  const figures = Array.from({ length: rounds }, () => bench.run(callsPerRound));
  return figures.sort((one, two) => one - two)[rounds >> 1] as number;
}

class Bench {
  readonly #core: UpstreamCore<number>;
  readonly #bad: string | undefined;
  readonly #keyed: boolean;
  #nowMs = 0;
  #calls = 0;
  #open: Call<number>[] = [];

  constructor(balance: Balance, size: number, trouble: boolean) {
    this.#core = new UpstreamCore<number>({ service: 'a', seed: 1, policy: { balance } });
    this.#bad = trouble ? 'a-1' : undefined;
    this.#keyed = balance === 'ring-hash';
    const instances = Array.from({ length: size }, (_, index) => instanceOf(`a-${index + 1}`));
    this.#core.step({ type: 'view', view: { status: 'known', instances }, nowMs: 0 });
  }

  /** Nanoseconds of this thread's processor time a call. */
  run(calls: number): number {
    const before = process.threadCpuUsage();
    for (let index = 0; index < calls; index++) {
      this.#enter();
      if (this.#open.length >= underWay) this.#end();
    }
    const { user, system } = process.threadCpuUsage(before);
    return ((user + system) * 1_000) / calls;
  }

  #enter(): void {
    this.#nowMs += 0.05;
    this.#calls += 1;
    const key = this.#keyed ? `key-${this.#calls % 1_000}` : undefined;
    const call = new Call(this.#calls, this.#nowMs, this.#nowMs + 1_000, { idempotent: true, key });
    this.#core.step({ type: 'call', call, nowMs: this.#nowMs });
    this.#open.push(call);
  }

  #end(): void {
    const call = this.#open.shift();
    const attempt = call?.first;
    if (call === undefined || attempt === undefined) return;
    const isBad = attempt.endpoint.instance.id === this.#bad;
    const outcome = { type: 'answered', verdict: isBad ? 'failed' : 'ok' } as const;
    this.#core.step({ type: 'outcome', attempt, outcome, nowMs: this.#nowMs });
    if (call.state === 'backing-off') {
      this.#core.step({ type: 'woken', call, nowMs: call.wakeAtMs });
      this.#open.push(call);
    }
  }
}

function instanceOf(id: string): Instance {
  return { id, incarnation: 'i', host: '127.0.0.1', port: 80, state: 'ready', weight: 1 };
}
