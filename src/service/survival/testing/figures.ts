import { limits } from './limits.ts';
import type { Sample } from './load.ts';

export function failuresOf(samples: readonly Sample[]): Sample[] {
  return samples.filter(({ status }) => status !== 200);
}

export function ofMethod(samples: readonly Sample[], method: string): Sample[] {
  return samples.filter((sample) => sample.method === method);
}

/** What a failure looks like in the message of a failed test. */
export function lineOf({ id, method, startedAtMs, endedAtMs, status, error }: Sample): string {
  const tookMs = Math.round(endedAtMs - startedAtMs);
  return `${method} ${id} after ${tookMs} ms: ${status ?? `${error?.code}: ${error?.message}`}`;
}

/** Of the calls' latencies, in whole ms; 0 when there is none. */
export function quantileMs(samples: readonly Sample[], share: number): number {
  const sorted = samples.map((each) => each.endedAtMs - each.startedAtMs).sort((a, b) => a - b);
  return Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
}

/** The verdict of one scenario as one line. */
export function tell(scenario: string, figures: Readonly<Record<string, string | number>>): void {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${value}`);
  console.log(`survival, ${scenario}: ${parts.join(', ')}`);
}

/** Time goes on, under the load that is running. */
export async function pass(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when it is so; fails with `what` when that takes too long. */
export async function until(isSo: () => boolean, what: string): Promise<void> {
  const endsAtMs = performance.now() + limits.pollMsMax;
  while (!isSo()) {
    if (performance.now() > endsAtMs) throw new Error(`In vain, for ${limits.pollMsMax} ms: ${what}.`);
    await pass(limits.pollMs);
  }
}
