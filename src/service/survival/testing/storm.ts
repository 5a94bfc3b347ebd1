import { answering, type Behaviour } from './behaviour.ts';
import { pass, quantileMs, tell } from './figures.ts';
import { Fleet } from './fleet.ts';
import { epochMs } from './ledger.ts';
import { Load } from './load.ts';

export type Trouble = 'answers 503' | 'resets after reading' | 'is not listening';

const behaviours: Readonly<Record<Trouble, Behaviour | undefined>> = {
  'answers 503': answering(503, 0),
  'resets after reading': { does: 'reset' },
  'is not listening': undefined,
};

/** What retries may add to the offered load: a share of it, and so many a second. */
const retryShare = 0.2;
const retriesPerS = 10;
/** For how long an instance that refuses is passed over at most, and how often for less before that. */
const pauseMaxMs = 4_000;
const shorterPauses = 4;

export interface StormOptions {
  readonly trouble: Trouble;
  readonly lastsMs: number;
  readonly perS: number;
}

/** Every instance of a service is in the same trouble, under a load that does not let up. */
export async function storm({ trouble, lastsMs, perS }: StormOptions) {
  const behaviour = behaviours[trouble];
  const fleet = await Fleet.start(3, behaviour);
  try {
    if (behaviour === undefined) await Promise.all(fleet.instances.map((each) => each.kill()));
    const load = new Load({ calls: fleet.openCalls(), service: fleet.service, perS });
    await pass(lastsMs);
    const samples = await load.stop();
    // Up to the last of the retries.
    const lastedMs = epochMs() - load.startedAtMs;
    const attempts = fleet.attempts().length;
    const seen = fleet.ledger.seen().length;
    const allowed = Math.floor(samples.length * (1 + retryShare) + (retriesPerS * lastedMs) / 1_000);
    const figures = {
      calls: samples.length,
      wellAnswered: samples.filter(({ status }) => status === 200).length,
      attempts,
      /** By the instances themselves. */
      seen,
      /** Without what the budget has saved up. */
      allowed,
      /** Retries of what was never sent, while another instance's pause is over: they are free. */
      freeMax: fleet.instances.length * Math.ceil(1 + shorterPauses + lastedMs / pauseMaxMs),
    };
    tell(`a service that ${trouble}`, {
      calls: samples.length,
      'per second': Math.round((1_000 * samples.length) / lastedMs),
      attempts,
      'seen by it': seen,
      'times the load': (attempts / samples.length).toFixed(3),
      allowed,
      'p99 of failing': `${quantileMs(samples, 0.99)} ms`,
    });
    return figures;
  } finally {
    await fleet.close();
  }
}
