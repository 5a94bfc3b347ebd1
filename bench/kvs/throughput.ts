import { inRounds, type Sample } from '../measure/rounds.ts';
import type { Candidate, Operation } from './candidates.ts';
import type { Latencies, LoadProgram } from './load.ts';

export const rounds = 5;
export const inFlightCounts = [32, 256] as const;
export const keys = 10_000;
export const warmupMs = 1_000;
export const measuredMs = 4_000;

export interface Figures extends Sample {
  /** CPU of the load program, in microseconds per operation. */
  readonly loadCpuUs: number;
  readonly latencyUs: Latencies;
  readonly errors: Readonly<Record<string, number>>;
}

/** One table: who did how well at an operation, with so many requests in flight. */
export interface Contest {
  readonly operation: Operation;
  readonly inFlight: number;
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
}

/** Every candidate once a round, for each operation and number of requests in flight. */
export async function measureThroughput(
  load: LoadProgram,
  candidates: readonly Candidate[],
): Promise<readonly Contest[]> {
  const contests: Contest[] = [];
  for (const operation of ['put', 'get'] as const) {
    const able = candidates.filter(({ operations }) => operations.includes(operation));
    for (const inFlight of inFlightCounts) {
      console.log(`${operation}, ${inFlight} in flight`);
      const figures = await inRounds(
        able.map(({ name }) => name),
        rounds,
        (name) =>
          measureOne(load, able.find((each) => each.name === name) as Candidate, operation, inFlight),
      );
      contests.push({ operation, inFlight, figures });
    }
  }
  return contests;
}

async function measureOne(
  load: LoadProgram,
  candidate: Candidate,
  operation: Operation,
  inFlight: number,
): Promise<Figures> {
  const { store, target } = candidate;
  let beforeUs = 0;
  const options = [
    ...connectionsFor(candidate, inFlight),
    ...['--keys', String(keys), '--warmup-ms', String(warmupMs), '--measured-ms', String(measuredMs)],
  ];
  const result = await load.run(target, operation, options, () => {
    beforeUs = store.cpuUs();
  });
  const spentUs = store.cpuUs() - beforeUs;
  const { operations, errors, seconds, cpuUs, latencyUs } = result;
  const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
  return {
    perS: (operations - failed) / seconds,
    cpuUs: spentUs / operations,
    loadCpuUs: cpuUs / operations,
    latencyUs,
    errors,
  };
}

function connectionsFor({ store, sharesConnections }: Candidate, inFlight: number): readonly string[] {
  const servers = store.addresses.length;
  return sharesConnections === true
    ? ['--connections', String(servers), '--lanes', String(Math.round(inFlight / servers))]
    : ['--connections', String(inFlight)];
}
