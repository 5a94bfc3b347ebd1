import { failuresOf, lineOf, pass, quantileMs, tell, until } from './figures.ts';
import { Fleet } from './fleet.ts';
import { epochMs } from './ledger.ts';
import { Load, type Sample } from './load.ts';

/** From the first success on, the load must go well for so long. */
const recoveredMs = 2_000;
/** Between the end of a process and the last of its connections heard of. */
const newsMs = 100;

export interface OutageOptions {
  readonly downMs: number;
  readonly perS: number;
}

/** All three instances are killed; later one of them is back. */
export async function outage({ downMs, perS }: OutageOptions) {
  const fleet = await Fleet.start(3);
  try {
    const { service, first } = fleet;
    const load = new Load({ calls: fleet.openCalls(), service, perS });
    await until(() => load.samples.length > 10, 'calls are answered');
    await Promise.all(fleet.instances.map((each) => each.kill()));
    const downAtMs = epochMs();
    await pass(downMs);
    const endedAtMs = epochMs();
    await first.start();
    const listensAtMs = epochMs();
    const hasSucceeded = () =>
      load.samples.some((each) => each.status === 200 && each.endedAtMs > endedAtMs);
    await until(hasSucceeded, 'a call succeeds again');
    await pass(recoveredMs);
    return verdict(await load.stop(), { downAtMs, endedAtMs, listensAtMs });
  } finally {
    await fleet.close();
  }
}

interface Moments {
  /** All are gone. */
  readonly downAtMs: number;
  /** One of them is being started. */
  readonly endedAtMs: number;
  readonly listensAtMs: number;
}

function verdict(samples: readonly Sample[], { downAtMs, endedAtMs, listensAtMs }: Moments) {
  const down = samples.filter((each) => each.startedAtMs > downAtMs + newsMs && each.endedAtMs < endedAtMs);
  const first = samples.find((each) => each.status === 200 && each.endedAtMs > endedAtMs);
  const firstAtMs = first?.endedAtMs ?? Number.NaN;
  const after = samples.filter(({ startedAtMs }) => startedAtMs > firstAtMs);
  const figures = {
    down,
    downFailures: failuresOf(down),
    downP99Ms: quantileMs(down, 0.99),
    /** Said to be sent nowhere: the caller knows that nothing was done. */
    downUnsent: down.filter(({ error }) => error?.code === 'unavailable' && !error.mayHaveExecuted),
    sentences: [...new Set(down.map(({ error }) => error?.message.replace(/\d+/g, 'N') ?? ''))],
    firstSuccessMs: Math.round(firstAtMs - listensAtMs),
    after: after.length,
    afterFailures: failuresOf(after).map(lineOf),
  };
  tell('all instances away, then one back', {
    'calls meanwhile': down.length,
    failed: figures.downFailures.length,
    'p99 of failing': `${figures.downP99Ms} ms`,
    'first success after': `${figures.firstSuccessMs} ms`,
    'calls since': after.length,
    'failed since': figures.afterFailures.length,
  });
  return figures;
}
