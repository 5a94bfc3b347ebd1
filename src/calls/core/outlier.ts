import { limits } from '../limits.ts';
import type { Endpoint } from './endpoint.ts';

export interface Counts {
  readonly good: number;
  readonly bad: number;
}

/** Peers of whom nothing is known yet count as good ones, a little. */
const withPrior = ({ good, bad }: Counts): Counts => ({
  good: good + limits.peersGoodPrior,
  bad: bad + limits.peersBadPrior,
});

/**
 * Whether an instance fails clearly more often than its peers do: one-sided z-test for two proportions. A
 * request that fails wherever it goes makes all of them fail alike, and must not cost the service its
 * instances.
 */
export function failsMoreThan(own: Counts, peers: Counts): boolean {
  const known = withPrior(peers);
  const ownTotal = own.good + own.bad;
  const peersTotal = known.good + known.bad;
  const difference = own.bad / ownTotal - known.bad / peersTotal;
  if (!(difference >= limits.failureDifferenceMin)) return false;
  const pooled = (own.bad + known.bad) / (ownTotal + peersTotal);
  const deviation = Math.sqrt(pooled * (1 - pooled) * (1 / ownTotal + 1 / peersTotal));
  return difference >= limits.failureDeviationsMin * deviation;
}

/**
 * Whether so many failures in a row are more than bad luck: the chance that an instance no worse than its
 * peers has them. What it did before the row does not count: it may just have fallen ill.
 */
export function isNoChance(inARow: number, peers: Counts): boolean {
  const { good, bad } = withPrior(peers);
  return (bad / (good + bad)) ** inARow < limits.rowChanceMax;
}

/** What they did lately, all together. */
export function countsOf(endpoints: readonly Endpoint[], nowMs: number): Counts {
  let good = 0;
  let bad = 0;
  for (const { recent } of endpoints) {
    recent.forget(nowMs);
    good += recent.good;
    bad += recent.bad;
  }
  return { good, bad };
}

/** Whether it is worth looking at its peers: most of the time it is not. */
export function isSuspect({ recent, silences }: Endpoint): boolean {
  return (
    recent.badInARow >= limits.failuresInARow ||
    silences >= limits.silencesInARow ||
    recent.good + recent.bad >= limits.ejectionSamplesMin
  );
}

/** Why an instance is to be ejected, in the light of what its peers do. */
export function troubleOf({ recent, silences }: Endpoint, peers: Counts): string | undefined {
  if (silences >= limits.silencesInARow && isNoChance(silences, peers)) {
    return `silent for ${silences} attempts in a row`;
  }
  const { good, bad, badInARow } = recent;
  if (badInARow >= limits.failuresInARow && isNoChance(badInARow, peers)) {
    return `${badInARow} failures in a row`;
  }
  const total = good + bad;
  if (total < limits.ejectionSamplesMin || good >= limits.ejectionGoodShare * total) return undefined;
  return failsMoreThan(recent, peers) ? `${bad} failures of ${total}` : undefined;
}
