import type { Prng } from 'holdfast/std';
import { type Plan, pick } from './plan.ts';

const kinds = [
  ...(['good', 'good', 'slow', 'failing', 'fast-failing', 'flapping', 'resetting', 'shutting'] as const),
  ...(['silent', 'busy', 'busy-for-long', 'limiting', 'flaky'] as const),
];

/** How an instance treats requests at the moment. */
export interface Temper {
  readonly kind: (typeof kinds)[number];
  /** How long an answer takes. */
  readonly latencyMs: number;
  /** flaky: of its requests. */
  readonly failureShare: number;
  /** flapping: it is well and ill in turns of this length. */
  readonly periodMs: number;
}

export const well: Temper = { kind: 'good', latencyMs: 2, failureShare: 0, periodMs: 1_000 };

export function drawTemper(prng: Prng, { regime, names }: Plan, name: string): Temper {
  const latencyMs = 2 + prng.below(20);
  if (regime === 'poison') return { ...well, latencyMs };
  if (regime === 'fast-failing') {
    if (name !== names[0]) return { ...well, latencyMs: latencyMs + 5 };
    return { ...well, kind: 'flaky', latencyMs: 0, failureShare: 0.3 + 0.1 * prng.fraction() };
  }
  const kind = pick(prng, kinds);
  return { kind, latencyMs, failureShare: prng.fraction(), periodMs: 200 + prng.below(3_000) };
}
