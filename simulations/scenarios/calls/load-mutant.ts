import type { UpstreamDriver } from 'holdfast/calls';
import { loadMutant } from '../../load-mutant.ts';
import type { Mutant } from './mutants.ts';

const calls = { folder: 'calls', entry: 'driver/upstream.ts', uses: ['std', 'host'] } as const;

/** The calls' driver and core with one mistake in them. */
export function loadUpstreamDriver(mutant: Mutant): typeof UpstreamDriver {
  return (loadMutant(calls, mutant) as { UpstreamDriver: typeof UpstreamDriver }).UpstreamDriver;
}
