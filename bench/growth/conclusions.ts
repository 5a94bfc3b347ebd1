import { causalStoreLimits as limits } from 'holdfast/causal-store';
import type { Figures } from './figures.ts';
import { paragraph } from './paragraph.ts';
import type { MeasuredAxis } from './pictures.ts';
import type { Axis } from './settings.ts';

/** What is no more than this times as large counts as having stayed, as it does for the targets. */
const stayedMax = 1.1;

/** What the figures come to, in words. What a sentence says happened is there only if it did. */
export function conclusions(measured: readonly MeasuredAxis[]): string[] {
  const on = (name: Axis['name']): readonly Figures[] =>
    measured.find(({ axis }) => axis.name === name)?.figures ?? [];
  const texts = [ofReplicas(on('replicas')), ofClients(on('clients')), ofRestarts(on('restarts'))];
  return texts.flatMap((text) => paragraph(text, '-'));
}

function ofReplicas(figures: readonly Figures[]): string {
  const [first, middle, last] = figures as readonly [Figures, Figures, Figures];
  const [few, some, many] = [first, middle, last].map(({ setting }) => setting.replicas);
  const entries = Math.max(...figures.map(({ entriesMax, setting }) => entriesMax / setting.replicas));
  const copies = figures.map(({ perWrite, setting }) => perWrite.writes / (setting.replicas - 1));
  const [least, most] = [Math.min(...copies), Math.max(...copies)];
  const powerOf = (of: (figures: Figures) => number): string =>
    power(of(last) / of(middle), last.setting.replicas / middle.setting.replicas);
  const rest = last.perWriteTotal - last.perWrite.writes;
  const restPercent = ((rest / last.perWriteTotal) * 100).toFixed(0);
  return `
    **Replicas.** A token has at most ${oneDigit(entries)} ${entries === 1 ? 'entry' : 'entries'} for each
    replica: up to ${first.tokens.max} bytes with ${few} replicas, up to ${last.tokens.max} with ${many},
    where the mean is ${last.tokens.mean.toFixed(0)}. The record of a write costs ${least.toFixed(0)} to
    ${most.toFixed(0)} bytes for each other replica, so it grows
    ${most <= least * stayedMax ? 'in proportion' : 'out of proportion'}. Besides, each replica tells every
    other what it has applied of each (claims, every ${limits.claimEveryMs / 1_000} s at most), and sends
    it its whole vector (anti-entropy, every ${limits.antiEntropyMs / 1_000} s). From ${some} to ${many}
    replicas claims grew with the power ${powerOf(({ perWrite }) => perWrite.claims)} of their number,
    anti-entropy with ${powerOf(({ perWrite }) => perWrite.antiEntropy)}, records of writes with
    ${powerOf(({ perWrite }) => perWrite.writes)}. With ${many} replicas everything but the records of
    writes is ${restPercent} % of the bytes, ${((rest * last.writesPerS) / 1_000).toFixed(0)} kB a second;
    idle links carry ${(last.idlePerSTotal / 1_000).toFixed(0)} kB a second.`;
}

function ofClients(figures: readonly Figures[]): string {
  const [first, last] = [figures[0], figures.at(-1)] as readonly [Figures, Figures];
  const clients = [first, last].map(({ setting }) => count(setting.clients));
  const [before, after] = [first.tokens.mean, last.tokens.mean];
  return `
    **Clients.** With ${clients[0]} of them a token has ${before.toFixed(1)} bytes on average and a write
    takes ${count(first.perWriteTotal)}; with ${clients[1]} ${after.toFixed(1)}, at most
    ${last.tokens.max}, and ${count(last.perWriteTotal)}. Tokens ${growth(before, after)}, writes
    ${growth(first.perWriteTotal, last.perWriteTotal)}. ${after < before ? oldSights : ''}`;
}

/** Why tokens become smaller. */
const oldSights = `
  At a fixed rate more clients come back less often: what they saw before every member has by then, so a
  claim that every member has takes the place of all those entries.`;

function ofRestarts(figures: readonly Figures[]): string {
  const [first, middle, last] = [figures[0], figures.at(-2), figures.at(-1)] as [Figures, Figures, Figures];
  const pairs = power(last.claimPairs / middle.claimPairs, last.origins / middle.origins);
  const { restarts } = last.setting;
  const [before, after] = [first.tokens.mean, last.tokens.mean];
  return `
    **Restarts.** A token has ${before.toFixed(1)} bytes on average before the first and
    ${after.toFixed(1)} after ${restarts}: tokens ${growth(before, after)}. A vector has
    ${count(first.origins)} entries before and ${count(last.origins)} after, and idle links carry
    ${count(first.idlePerSTotal)} and ${count(last.idlePerSTotal)} bytes a second. Of claims
    ${count(last.claimPairs)} pairs are remembered after ${restarts} restarts, grown with the power
    ${pairs} of the number of incarnations: ${Number(pairs) < 1.5 ? deadForgotten : deadKept}. A vector may
    have ${count(limits.originsMax)} entries: so many starts of all replicas together a store lives
    through.`;
}

/** Pairs of every incarnation with every other would grow with the power 2. */
const deadForgotten = 'those that incarnations which are gone have made are forgotten';
const deadKept = 'those that incarnations which are gone have made are kept';

function growth(before: number, after: number): string {
  if (after <= before * stayedMax) return 'do not grow with their number';
  return `grow by ${((after / before - 1) * 100).toFixed(0)} %`;
}

/** With which power of one ratio the other has grown. */
function power(grown: number, by: number): string {
  return (Math.log(grown) / Math.log(by)).toFixed(1);
}

function oneDigit(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 1 });
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en');
}
