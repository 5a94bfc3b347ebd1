import type { Sample } from '../measure/rounds.ts';

export const concurrency = 64;
const warmupMs = 1_500;
const measuredMs = 4_000;

/** Calls in a closed loop, `concurrency` at a time, and prints what a call cost this process. */
export async function loop(call: () => Promise<unknown>): Promise<void> {
  await during(warmupMs, call);
  const cpu = process.cpuUsage();
  const startedAtMs = performance.now();
  const calls = await during(measuredMs, call);
  const tookMs = performance.now() - startedAtMs;
  const { user, system } = process.cpuUsage(cpu);
  const sample: Sample = { perS: (calls * 1_000) / tookMs, cpuUs: (user + system) / calls };
  console.log(JSON.stringify(sample));
  process.exit(0);
}

async function during(ms: number, call: () => Promise<unknown>): Promise<number> {
  const untilMs = performance.now() + ms;
  let calls = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < untilMs) {
      await call();
      calls += 1;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return calls;
}

/** Every client checks its answers: a wrong one must not count as a fast one. */
export function check(value: unknown): void {
  if ((value as { echo?: unknown } | undefined)?.echo !== 'hello') {
    throw new Error(`Wrong answer: ${JSON.stringify(value)}`);
  }
}
