import { answering, type Behaviour } from './behaviour.ts';
import { failuresOf, lineOf, pass, quantileMs, tell, until } from './figures.ts';
import { Fleet, type TimedEvent } from './fleet.ts';
import { epochMs } from './ledger.ts';
import { Load, type Sample } from './load.ts';

/** Before the instance falls sick, and then until its caller must have drawn the consequence. */
const warmUpMs = 1_000;
const settledMs = 2_000;

const sick: Behaviour = answering(500, 1);

export interface FailingFastOptions {
  /** Of the service's good answers. */
  readonly delayMs: number;
  readonly lastsMs: number;
  readonly perS: number;
}

/** One of three instances answers 500 within a millisecond: it is the quickest of them. */
export async function failingFast({ delayMs, lastsMs, perS }: FailingFastOptions) {
  const fleet = await Fleet.start(3, answering(200, delayMs));
  try {
    const load = new Load({ calls: fleet.openCalls(), service: fleet.service, perS });
    await pass(warmUpMs);
    await fleet.first.behave(sick);
    await pass(settledMs);
    const fromMs = epochMs();
    await pass(lastsMs);
    const share = shareOf(fleet, fromMs, epochMs());
    const samples = await load.stop();
    tell(`one of three answers 500 in 1 ms, the others in ${delayMs} ms`, {
      ...told(samples),
      'its share of the attempts': `${(100 * share).toFixed(1)} %`,
      story: storyOf(fleet).join(' ') || 'none',
    });
    return { failures: failuresOf(samples).map(lineOf), calls: samples.length, share };
  } finally {
    await fleet.close();
  }
}

/**
 * The same where answers take so long that the sick instance, even with the failures held against it, would
 * be asked again and again: it is ejected. Then it is healed.
 */
export async function ejectedAndHealed({ delayMs, perS }: Omit<FailingFastOptions, 'lastsMs'>) {
  const fleet = await Fleet.start(3, answering(200, delayMs));
  try {
    const { first } = fleet;
    const load = new Load({ calls: fleet.openCalls(), service: fleet.service, perS });
    await pass(warmUpMs);
    await first.behave(sick);
    const sickAtMs = epochMs();
    await until(() => own(fleet).some(isOf('ejected')), 'the failing instance is ejected');
    const ejectedAtMs = epochMs();
    await first.behave(answering(200, delayMs));
    await until(() => own(fleet).some(isOf('restored')), 'the healed instance is restored');
    const backAtMs = epochMs();
    const isBack = () => attemptsAt(fleet, backAtMs).length > 0;
    await until(isBack, 'the healed instance gets calls again');
    const samples = await load.stop();
    const figures = { failures: failuresOf(samples).map(lineOf), ...probation(fleet) };
    tell('an instance that fails is ejected and healed', {
      ...told(samples),
      'ejected after': `${Math.round(ejectedAtMs - sickAtMs)} ms`,
      'back after': `${Math.round(backAtMs - ejectedAtMs)} ms`,
      story: figures.story.join(' '),
    });
    return figures;
  } finally {
    await fleet.close();
  }
}

const isOf =
  (type: TimedEvent['type']) =>
  (event: TimedEvent): boolean =>
    event.type === type;

function told(samples: readonly Sample[]) {
  return {
    GETs: samples.length,
    failed: failuresOf(samples).length,
    p99: `${quantileMs(samples, 0.99)} ms`,
  };
}

function attemptsAt(fleet: Fleet, fromMs: number) {
  return fleet.attempts().filter(({ instance, atMs }) => instance === fleet.first.id && atMs >= fromMs);
}

function shareOf(fleet: Fleet, fromMs: number, toMs: number): number {
  const all = fleet.attempts().filter(({ atMs }) => atMs >= fromMs && atMs < toMs);
  return all.filter(({ instance }) => instance === fleet.first.id).length / all.length;
}

/** What befell the first instance, in order. */
function storyOf(fleet: Fleet): string[] {
  return own(fleet).flatMap(({ type }) => (type === 'attempt-ended' ? [] : [type]));
}

function own(fleet: Fleet): TimedEvent[] {
  return fleet.events.filter((event) => 'instance' in event && event.instance === fleet.first.id);
}

/** The attempts that were begun between its ejection and its restoration. */
function probation(fleet: Fleet) {
  const events = own(fleet);
  const ejected = events.find(isOf('ejected'));
  const restored = events.findIndex(isOf('restored'));
  // The end of the probe is reported right before what comes of it.
  const attempts = events.slice(0, restored).filter((event) => event.type === 'attempt-ended');
  const begun = attempts.filter(({ atMs, latencyMs }) => atMs - latencyMs > (ejected?.atMs ?? 0));
  return { story: storyOf(fleet), attemptsWhileOut: begun.map(({ by, result }) => `${by}: ${result}`) };
}
