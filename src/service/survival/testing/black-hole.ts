import { answering } from './behaviour.ts';
import { failuresOf, lineOf, pass, quantileMs, tell } from './figures.ts';
import { Fleet } from './fleet.ts';
import { epochMs } from './ledger.ts';
import { Load, type Sample } from './load.ts';

/** From then on the hole must not be felt any more. */
const settledMs = 3_000;
const warmUpMs = 1_000;

export interface BlackHoleOptions {
  /** Before any call was made, or under load. */
  readonly begins: 'cold' | 'warm';
  readonly lastsMs: number;
  readonly perS: number;
}

/**
 * One of three instances accepts and never answers: its process is stopped. GETs and POSTs are made by two
 * callers, so that neither learns from the other's.
 */
export async function blackHole({ begins, lastsMs, perS }: BlackHoleOptions) {
  const fleet = await Fleet.start(3);
  try {
    const { service, first } = fleet;
    if (begins === 'cold') first.stop();
    let stoppedAtMs = epochMs();
    const gets = new Load({ calls: fleet.openCalls(), service, perS });
    const posts = new Load({ calls: fleet.openCalls(), service, perS, methodOf: () => 'POST' });
    if (begins === 'warm') {
      await pass(warmUpMs);
      stoppedAtMs = epochMs();
      first.stop();
    }
    await pass(lastsMs);
    const [got, posted] = await Promise.all([gets.stop(), posts.stop()]);
    // What it was sent in vain it does now: that must not be what others did meanwhile.
    first.goOn();
    await first.behave(answering(200, 0));
    const lateMs = Math.max(gets.lateMsMax, posts.lateMsMax);
    return verdict(fleet, { begins, stoppedAtMs, lateMs }, got, posted);
  } finally {
    await fleet.close();
  }
}

function verdict(
  fleet: Fleet,
  circumstances: { readonly begins: string; readonly stoppedAtMs: number; readonly lateMs: number },
  got: readonly Sample[],
  posted: readonly Sample[],
) {
  const { begins, stoppedAtMs, lateMs } = circumstances;
  const isSettled = ({ startedAtMs }: Sample) => startedAtMs >= stoppedAtMs + settledMs;
  const settled = got.filter(isSettled);
  const since = got.filter(({ startedAtMs }) => startedAtMs >= stoppedAtMs);
  const timeouts = fleet.attempts().filter(({ instance, result, latencyMs, atMs }) => {
    const isHere = instance === fleet.first.id && result === 'timed-out';
    return isHere && atMs - latencyMs >= stoppedAtMs + settledMs;
  });
  const postFailures = failuresOf(posted);
  const lastFailureMs = Math.max(0, ...postFailures.map(({ startedAtMs }) => startedAtMs - stoppedAtMs));
  const figures = {
    getFailures: failuresOf(got).map(lineOf),
    getsSettled: settled.length,
    /** Attempts begun in this time, GETs and POSTs, that were waited for in vain. */
    timeoutsSettled: timeouts.length,
    settledP99Ms: quantileMs(settled, 0.99),
    posts: posted.length,
    postFailures: postFailures.map(lineOf),
    postsRepeated: fleet.ledger.repeated('POST'),
  };
  tell(`an instance that never answers, ${begins}`, {
    GETs: got.length,
    'failed GETs': figures.getFailures.length,
    'p99 of GETs': `${quantileMs(since, 0.99)} ms`,
    'p99 after 3 s': `${figures.settledP99Ms} ms`,
    POSTs: posted.length,
    'failed POSTs': postFailures.length,
    'the last one made after': `${Math.round(lastFailureMs)} ms`,
    'executed twice': figures.postsRepeated.length,
    'longest stall of the caller': `${Math.round(lateMs)} ms`,
  });
  return figures;
}
