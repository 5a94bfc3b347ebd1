import { must } from 'holdfast/std';
import type { Store } from './stores/store.ts';

const recoveredWithinMs = 120_000;

export interface Recovery {
  /** One server killed with -9 and started again while the others go on, in milliseconds. */
  readonly oneMs: number;
  /** All of them at once: until the last one answers. */
  readonly allMs: number;
}

/** From the start of a killed server until it answers a read of a key with the value of before. */
export async function measureRecovery(store: Store, key: string): Promise<Recovery> {
  const all = store.addresses.map((_, index) => index);
  const value = must(await store.read(0, key), 'the key was filled');
  const oneMs = await killAndWait(store, [must(all.at(-1), 'there is a server')], key, value);
  const allMs = await killAndWait(store, all, key, value);
  return { oneMs, allMs };
}

async function killAndWait(
  store: Store,
  indexes: readonly number[],
  key: string,
  value: string,
): Promise<number> {
  await Promise.all(indexes.map((index) => store.kill(index)));
  const fromMs = performance.now();
  for (const index of indexes) store.startAgain(index);
  const isThere = (index: number) => async () => (await store.read(index, key)) === value;
  await Promise.all(indexes.map((index) => store.until(index, isThere(index), recoveredWithinMs)));
  return performance.now() - fromMs;
}
