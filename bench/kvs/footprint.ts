import { setTimeout as pass } from 'node:timers/promises';
import { median } from '../measure/rounds.ts';
import type { LoadProgram, Target } from './load.ts';
import type { Store } from './stores/store.ts';

/** For what was written to be replicated, put away and collected. */
const settleMs = 5_000;

/** What a key costs each server, in bytes: the median of the servers. */
export interface Footprint {
  readonly fillPerS: number;
  /** Resident memory, over what an empty server has: after the fill, with what was not collected yet. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
}

export async function measureFootprint(
  load: LoadProgram,
  store: Store,
  target: Target,
  keys: number,
): Promise<Footprint> {
  const before = { memory: store.memoryMib(), disk: store.diskBytes() };
  const filled = await load.run(target, 'fill', ['--keys', String(keys), '--connections', '256']);
  if (Object.keys(filled.errors).length > 0)
    throw new Error(`Filling failed: ${JSON.stringify(filled.errors)}`);
  await pass(settleMs);
  const perKey = (after: readonly number[], from: readonly number[]): number =>
    median(after.map((value, at) => value - (from[at] as number))) / keys;
  return {
    fillPerS: filled.operations / filled.seconds,
    memoryBytes: perKey(store.memoryMib(), before.memory) * 2 ** 20,
    diskBytes: perKey(store.diskBytes(), before.disk),
  };
}
