import type { Load, Setting } from './measurement.ts';

export const seeds = [1, 2] as const;

export const load: Load = {
  requestsPerS: 500,
  // Every other client writes: 100 writes a second in all.
  writeShare: 0.4,
  keys: 5_000,
  valueCharacters: 98,
  warmupMs: 120_000,
  settledMs: 10_000,
  measuredMs: 60_000,
  calmMs: 10_000,
  idleMs: 30_000,
  readingMs: 30_000,
};

export const usual: Setting = { replicas: 3, clients: 100, restarts: 0, copies: 1 };

/** One thing is varied, all else is as usual. */
export const axes = [
  { name: 'replicas', label: 'replicas', values: [3, 9, 27] },
  { name: 'clients', label: 'clients', values: [10, 100, 1_000, 10_000] },
  { name: 'restarts', label: 'restarts so far', values: [0, 10, 30, 100] },
] as const;

export type Axis = (typeof axes)[number];

/** Many clients need longer until each has made so many requests, on average. */
export const requestsEach = 20;

export function loadFor({ clients }: Setting): Load {
  const leastMs = (clients * requestsEach * 1_000) / load.requestsPerS;
  return {
    ...load,
    warmupMs: Math.max(load.warmupMs, leastMs),
    readingMs: Math.max(load.readingMs, leastMs),
  };
}

export function settingOn(axis: Axis, value: number): Setting {
  return { ...usual, [axis.name]: value };
}
