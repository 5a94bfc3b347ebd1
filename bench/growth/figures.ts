import type { Load, Measured, Setting } from './measurement.ts';
import { percentile } from './percentile.ts';
import { type Amounts, type Purpose, purposes, totalOf } from './traffic.ts';

export interface Sizes {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What the runs of one setting, one for each seed, come to together. */
export interface Figures {
  readonly setting: Setting;
  readonly tokens: Sizes;
  readonly readersTokens: Sizes;
  readonly entriesMax: number;
  readonly perWrite: Amounts;
  readonly perWriteTotal: number;
  readonly idlePerS: Amounts;
  readonly idlePerSTotal: number;
  readonly origins: number;
  readonly claimPairs: number;
  readonly writesPerS: number;
  readonly failures: number;
  /** How much the highest bytes per write of a seed are above the lowest, as a share. */
  readonly spread: number;
}

export function figuresOf(setting: Setting, runs: readonly Measured[], load: Load): Figures {
  const sum = (of: (run: Measured) => number): number => runs.reduce((all, run) => all + of(run), 0);
  const most = (of: (run: Measured) => number): number => Math.max(...runs.map(of));
  const writes = sum((run) => run.writes);
  const idleS = (runs.length * load.idleMs) / 1_000;
  const perWrite = amounts((purpose) => sum(({ bytes }) => bytes[purpose]) / writes);
  const idlePerS = amounts((purpose) => sum(({ idleBytes }) => idleBytes[purpose]) / idleS);
  const totals = runs.map((run) => totalOf(run.bytes) / run.writes);
  return {
    setting,
    tokens: sizesOf(runs.flatMap(({ tokens }) => tokens)),
    readersTokens: sizesOf(runs.flatMap(({ readersTokens }) => readersTokens)),
    entriesMax: most(({ entriesMax }) => entriesMax),
    perWrite,
    perWriteTotal: totalOf(perWrite),
    idlePerS,
    idlePerSTotal: totalOf(idlePerS),
    origins: most(({ origins }) => origins),
    claimPairs: most(({ claimPairs }) => claimPairs),
    writesPerS: writes / ((runs.length * load.measuredMs) / 1_000),
    failures: sum(({ failures }) => failures),
    spread: Math.max(...totals) / Math.min(...totals) - 1,
  };
}

function sizesOf(bytes: readonly number[]): Sizes {
  const mean = bytes.reduce((sum, each) => sum + each, 0) / bytes.length;
  return { mean, p50: percentile(bytes, 0.5), p99: percentile(bytes, 0.99), max: percentile(bytes, 1) };
}

function amounts(of: (purpose: Purpose) => number): Amounts {
  return Object.fromEntries(purposes.map((purpose) => [purpose, of(purpose)])) as unknown as Amounts;
}
