/** What one measured run of one candidate gave. */
export interface Sample {
  readonly perS: number;
  readonly cpuUs: number;
}

export interface Row {
  readonly name: string;
  readonly perS: number;
  readonly cpuUs: number;
  /** Throughput as a ratio to the reference's in the same round, the median over the rounds. */
  readonly ratio: number;
  /** CPU time per request as a ratio to the reference's, likewise. */
  readonly cpuRatio: number;
}

/** The candidates in the order of a round, counted from 1: each round begins with the next of them. */
export function inOrderOf<Candidate>(round: number, candidates: readonly Candidate[]): Candidate[] {
  const first = (round - 1) % candidates.length;
  return [...candidates.slice(first), ...candidates.slice(0, first)];
}

/**
 * Runs every candidate once a round, so that a machine whose speed drifts is fair to all, and none is always
 * the first, or always follows the one that leaves most behind.
 */
export async function inRounds<Measured extends Sample>(
  candidates: readonly string[],
  rounds: number,
  run: (name: string) => Promise<Measured>,
): Promise<ReadonlyMap<string, readonly Measured[]>> {
  const samples = new Map<string, Measured[]>(candidates.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of inOrderOf(round, candidates)) {
      const sample = await run(name);
      samples.get(name)?.push(sample);
      const perS = Math.round(sample.perS).toLocaleString('en');
      console.log(`round ${round} ${name.padEnd(32)} ${perS.padStart(9)}/s ${sample.cpuUs.toFixed(1)} us`);
    }
  }
  return samples;
}

export function rows(samples: ReadonlyMap<string, readonly Sample[]>, reference: string): Row[] {
  const against = samples.get(reference) ?? [];
  return [...samples].map(([name, own]) => ({
    name,
    perS: median(own.map((sample) => sample.perS)),
    cpuUs: median(own.map((sample) => sample.cpuUs)),
    ratio: median(own.map((sample, round) => sample.perS / (against[round]?.perS ?? Number.NaN))),
    cpuRatio: median(own.map((sample, round) => sample.cpuUs / (against[round]?.cpuUs ?? Number.NaN))),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}
