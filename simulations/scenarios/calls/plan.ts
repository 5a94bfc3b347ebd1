import type { Balance, UpstreamPolicy } from 'holdfast/calls';
import type { Prng } from 'holdfast/std';

/** ordinary: anything may go wrong. poison, fast-failing: only that, to see what it does alone. */
export type Regime = 'ordinary' | 'poison' | 'fast-failing';

/** What a run is like, drawn at its start. */
export interface Plan {
  readonly regime: Regime;
  readonly names: readonly string[];
  readonly policy: UpstreamPolicy;
  readonly inFlightMax: number;
  readonly queueLengthMax: number;
  /** The caller's own. */
  readonly zone: string | undefined;
  /** Calls come in bursts of up to so many, up to so long apart. */
  readonly burstMax: number;
  readonly gapMsMax: number;
  readonly idempotentShare: number;
  /** Requests that fail on every instance. */
  readonly poisonShare: number;
  readonly poisonResets: boolean;
}

const balances: readonly Balance[] = ['p2c', 'p2c', 'round-robin', 'least-in-flight', 'ring-hash'];

export function drawPlan(prng: Prng, isQuiet: boolean): Plan {
  if (!isQuiet) return ordinary(prng);
  return prng.chance(0.5) ? poison(prng) : fastFailing(prng);
}

function ordinary(prng: Prng): Plan {
  const isNarrow = prng.chance(0.5);
  const inFlightMax = isNarrow ? 1 + prng.below(4) : 256;
  const queueLengthMax = isNarrow ? prng.below(9) : 256;
  const burstMax = pick(prng, [1, 3, 20]);
  return {
    ...{ regime: 'ordinary', names: names(2 + prng.below(4)), inFlightMax, queueLengthMax, burstMax },
    policy: { balance: pick(prng, balances), inFlightMax, queueLengthMax },
    zone: prng.chance(0.3) ? 'z1' : undefined,
    gapMsMax: burstMax * pick(prng, [30, 60, 150]),
    idempotentShare: pick(prng, [0.3, 0.7, 1]),
    poisonShare: pick(prng, [0, 0.05, 0.3]),
    poisonResets: prng.chance(0.3),
  };
}

function poison(prng: Prng): Plan {
  return {
    ...ordinary(prng),
    ...{ regime: 'poison', zone: undefined, burstMax: 2, gapMsMax: pick(prng, [40, 100]) },
    ...wide(pick(prng, balances)),
    poisonShare: pick(prng, [0.05, 0.2, 0.5]),
  };
}

function fastFailing(prng: Prng): Plan {
  return {
    ...ordinary(prng),
    ...{ regime: 'fast-failing', names: names(3 + prng.below(3)), zone: undefined },
    ...{ burstMax: 2, gapMsMax: 60, poisonShare: 0 },
    ...wide('p2c'),
  };
}

function wide(balance: Balance): Pick<Plan, 'policy' | 'inFlightMax' | 'queueLengthMax'> {
  return { policy: { balance }, inFlightMax: 256, queueLengthMax: 256 };
}

const names = (count: number): readonly string[] => ['a1', 'a2', 'a3', 'a4', 'a5'].slice(0, count);

export function pick<T>(prng: Prng, among: readonly T[]): T {
  return among[prng.below(among.length)] as T;
}
