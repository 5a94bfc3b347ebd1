import { causalStoreLimits as limits } from 'holdfast/causal-store';
import type { Figures } from './figures.ts';
import { paragraph } from './paragraph.ts';
import type { MeasuredAxis } from './pictures.ts';
import type { Axis } from './settings.ts';

/** What the figures come to, in words. */
export function conclusions(measured: readonly MeasuredAxis[]): string[] {
  const on = (name: Axis['name']): readonly Figures[] =>
    measured.find(({ axis }) => axis.name === name)?.figures ?? [];
  const texts = [ofReplicas(on('replicas')), ofClients(on('clients')), ofRestarts(on('restarts'))];
  return texts.flatMap((text) => paragraph(text, '-'));
}

function ofReplicas(figures: readonly Figures[]): string {
  const [first, middle, last] = figures as readonly [Figures, Figures, Figures];
  const [few, some, many] = [first, middle, last].map(({ setting }) => setting.replicas);
  const claims = power(middle, last, ({ perWrite }) => perWrite.claims).toFixed(1);
  const vectors = power(middle, last, ({ perWrite }) => perWrite.antiEntropy).toFixed(1);
  const rest = last.perWriteTotal - last.perWrite.writes;
  const restPercent = ((rest / last.perWriteTotal) * 100).toFixed(0);
  const restPerS = (rest * last.writesPerS) / 1_000;
  const perCopy = ({ perWrite, setting }: Figures): string =>
    (perWrite.writes / (setting.replicas - 1)).toFixed(0);
  return `
    **Replicas.** A token has at most one entry for each replica: up to ${first.tokens.max} bytes with
    ${few} replicas, up to ${last.tokens.max} with ${many}, where the mean is
    ${last.tokens.mean.toFixed(0)}. The record of a write costs ${perCopy(first)} to ${perCopy(last)}
    bytes for each other replica, so it grows in proportion. All else grows faster: each replica tells
    every other once a second what it has applied of each (claims), and sends it its whole vector every
    three seconds (anti-entropy). From ${some} to ${many} replicas these grew with the power ${claims}
    and ${vectors} of their number. With ${many} replicas everything but the records of writes is
    ${restPercent} % of the bytes, ${restPerS.toFixed(0)} kB a second, and hardly depends on the rate of
    writes: with a tenth of the writes it weighs about ten times as much on each.`;
}

function ofClients(figures: readonly Figures[]): string {
  const [first, last] = [figures[0], figures.at(-1)] as readonly [Figures, Figures];
  return `
    **Clients.** Their number is stored nowhere. The mean of a token goes from
    ${first.tokens.mean.toFixed(1)} bytes with ${count(first.setting.clients)} clients to
    ${last.tokens.mean.toFixed(1)} with ${count(last.setting.clients)}, the largest has
    ${last.tokens.max}, and a write takes ${count(first.perWriteTotal)} and ${count(last.perWriteTotal)}
    bytes. At a fixed rate more clients come back less often: what they saw before every member has by
    then, so a claim that every member has takes the place of all those entries.`;
}

function ofRestarts(figures: readonly Figures[]): string {
  const [first, middle, last] = [figures[0], figures.at(-2), figures.at(-1)] as [Figures, Figures, Figures];
  const pairs = Math.log(last.claimPairs / middle.claimPairs) / Math.log(last.origins / middle.origins);
  const { restarts } = last.setting;
  return `
    **Restarts.** Tokens do not grow with them. What replicas remember does, in proportion, as a vector
    keeps an entry for every incarnation that ever was: idle links carry ${count(first.idlePerSTotal)}
    bytes a second before the first and ${count(last.idlePerSTotal)} after ${restarts}. Of claims only
    those of living incarnations are kept: ${count(last.claimPairs)} pairs after ${restarts} restarts,
    grown with the power ${pairs.toFixed(1)} of the number of incarnations. A vector may have
    ${count(limits.originsMax)} entries: so many starts of all replicas together a store lives through.`;
}

/** With which power of the number of replicas something has grown. */
function power(from: Figures, to: Figures, of: (figures: Figures) => number): number {
  return Math.log(of(to) / of(from)) / Math.log(to.setting.replicas / from.setting.replicas);
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
