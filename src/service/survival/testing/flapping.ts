import { answering } from './behaviour.ts';
import { failuresOf, lineOf, ofMethod, pass, quantileMs, tell } from './figures.ts';
import { Fleet } from './fleet.ts';
import { epochMs } from './ledger.ts';
import { Load, type Sample } from './load.ts';

/** How long the instance stays away, and stays, each time. */
const pauseMs = 300;
/** Between the end of a process and the last of its connections heard of. */
const newsMs = 200;

interface Kill {
  readonly atMs: number;
  readonly goneAtMs: number;
}

export interface FlappingOptions {
  readonly kills: number;
  readonly perS: number;
  /** How long answers take: with the rate, how many requests are under way when it is killed. */
  readonly delayMs: number;
  /** p2c shuns an instance that broke off; round-robin sends it its share again and again. */
  readonly balance: 'p2c' | 'round-robin';
}

/** One of three instances is killed with -9 and comes back, again and again. */
export async function flapping(options: FlappingOptions) {
  const { perS, delayMs, balance } = options;
  const fleet = await Fleet.start(3, answering(200, delayMs));
  try {
    const { service, first } = fleet;
    const methodOf = (number: number) => (number % 3 === 2 ? 'POST' : 'GET');
    const load = new Load({ calls: fleet.openCalls({ balance }), service, perS, methodOf });
    const kills: Kill[] = [];
    while (kills.length < options.kills) {
      await pass(pauseMs);
      const atMs = epochMs();
      await first.kill();
      kills.push({ atMs, goneAtMs: epochMs() });
      await pass(pauseMs);
      await first.start();
    }
    return verdict(fleet, balance, await load.stop(), kills);
  } finally {
    await fleet.close();
  }
}

function verdict(fleet: Fleet, balance: string, samples: readonly Sample[], kills: readonly Kill[]) {
  const gets = ofMethod(samples, 'GET');
  const posts = ofMethod(samples, 'POST');
  const cutOff = fleet.attempts().filter(({ result }) => result === 'error');
  const isFelt = (kill: Kill) =>
    cutOff.some(({ atMs, error }) => {
      return error?.mayHaveExecuted === true && atMs >= kill.atMs && atMs <= kill.goneAtMs + newsMs;
    });
  const failedPosts = failuresOf(posts);
  const isOwed = (sample: Sample) => kills.some((kill) => wasUnderWay(sample, kill, fleet.first.id));
  const figures = {
    kills: kills.length,
    gets: gets.length,
    posts: posts.length,
    getFailures: failuresOf(gets).map(lineOf),
    postFailures: failedPosts.length,
    /** Failed, though not under way at the instance when it was killed. */
    postFailuresUnowed: failedPosts.filter((sample) => !isOwed(sample)).map(lineOf),
    postsRepeated: fleet.ledger.repeated('POST'),
    /** Those that cut requests off. */
    killsFelt: kills.filter(isFelt).length,
  };
  tell(`an instance that flaps, ${balance}`, {
    kills: `${kills.length} (${figures.killsFelt} cut requests off)`,
    GETs: gets.length,
    'failed GETs': figures.getFailures.length,
    'p99 of GETs': `${quantileMs(gets, 0.99)} ms`,
    POSTs: posts.length,
    'failed POSTs': `${failedPosts.length} (${figures.postFailuresUnowed.length} of them not cut off)`,
    'executed twice': figures.postsRepeated.length,
  });
  return figures;
}

function wasUnderWay({ startedAtMs, endedAtMs, error }: Sample, kill: Kill, id: string): boolean {
  const isCutOff = error?.code === 'unavailable' && error.mayHaveExecuted && error.message.includes(id);
  return isCutOff && startedAtMs <= kill.goneAtMs + newsMs && endedAtMs >= kill.atMs;
}
