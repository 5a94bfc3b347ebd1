import { loadavg } from 'node:os';
import { inOrderOf } from '../measure/rounds.ts';
import { type Candidate, hasEtcd, startEtcd, startHoldfast } from './candidates.ts';
import { killAndRestart } from './outage.ts';
import { type Figures, measure, rounds } from './phases.ts';
import { write } from './results.ts';

/** The registry with a thousand instances and fifty watchers, beside etcd, and killed in the middle. */
export async function benchRegistry(): Promise<void> {
  const candidates: Record<string, () => Promise<Candidate>> = { holdfast: startHoldfast };
  if (hasEtcd()) candidates.etcd = startEtcd;
  else console.log('etcd is not installed: measured without a peer. (apt-get install etcd-server)');
  const figures = new Map<string, Figures[]>(Object.keys(candidates).map((name) => [name, []]));
  const load = (): number => loadavg()[0] as number;
  const loads = [load()];
  for (let round = 1; round <= rounds; round++) {
    for (const [name, start] of inOrderOf(round, Object.entries(candidates))) {
      const measured = await measureOne(start);
      figures.get(name)?.push(measured);
      const [change] = measured.changes;
      const percent = ((change?.cpuShare ?? 0) * 100).toFixed(1);
      console.log(`round ${round} ${name.padEnd(10)} ${percent} % of a core at ${change?.perS} changes/s`);
    }
  }
  loads.push(load());
  const comeback = await killAndRestart();
  write(figures, comeback, [...loads, load()]);
}

async function measureOne(start: () => Promise<Candidate>): Promise<Figures> {
  const candidate = await start();
  try {
    return await measure(candidate);
  } finally {
    await candidate.stop();
  }
}
