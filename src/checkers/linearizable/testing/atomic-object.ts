import { must, Prng } from '../../../std/index.ts';
import type { TimedOperation } from '../operation.ts';

/** An object that does one thing at a time, in place: what a model describes, written another way. */
export interface AtomicObject<Input, Output> {
  /** Something to ask of it. */
  input(prng: Prng): Input;
  apply(input: Input): Output;
}

export interface ClientsOptions {
  readonly seed: number;
  readonly clients: number;
  readonly operations: number;
  /** Of the operations, those whose answer is lost. */
  readonly lostShare: number;
  /** How long operations take at most; between them clients wait as long at most. */
  readonly takesMsMax: number;
}

interface Planned<Input> {
  readonly client: string;
  readonly input: Input;
  readonly callMs: number;
  /** When it takes effect; it may be never. */
  readonly effectMs: number;
  /** Undefined when the answer is lost. */
  readonly returnMs: number | undefined;
}

/**
 * What clients see of an atomic object over a slow network: linearizable by construction. Each operation
 * takes effect at some moment between its call and its return; one whose answer is lost at some later moment,
 * or never. Times are whole, so that some fall together. The same seed gives the same history.
 */
export function simulate<Input, Output>(
  object: AtomicObject<Input, Output>,
  options: ClientsOptions,
): readonly TimedOperation<Input, Output>[] {
  const planned = plan(object, options);
  const outputs = new Map<Planned<Input>, Output>();
  const done = planned.filter(({ effectMs }) => effectMs < Number.POSITIVE_INFINITY);
  for (const each of done.sort((one, other) => one.effectMs - other.effectMs)) {
    outputs.set(each, object.apply(each.input));
  }
  return planned.map((each) => {
    const { client, callMs, input, returnMs } = each;
    if (returnMs === undefined) return { client, callMs, input };
    return { client, callMs, input, answer: { returnMs, output: outputs.get(each) as Output } };
  });
}

function plan<Input, Output>(
  object: AtomicObject<Input, Output>,
  { seed, clients, operations, lostShare, takesMsMax }: ClientsOptions,
): readonly Planned<Input>[] {
  const prng = new Prng(seed);
  const freeMs = new Array<number>(clients).fill(0);
  return Array.from({ length: operations }, () => {
    const client = prng.below(clients);
    const callMs = must(freeMs[client], 'a client') + prng.below(takesMsMax + 1);
    const takesMs = prng.below(takesMsMax + 1);
    const isLost = prng.chance(lostShare);
    const returnMs = callMs + takesMs;
    freeMs[client] = returnMs + 1;
    const lateMs = prng.chance(0.3) ? Number.POSITIVE_INFINITY : prng.below(4 * takesMsMax + 1);
    return {
      client: `c${client}`,
      input: object.input(prng),
      callMs,
      effectMs: callMs + (isLost ? lateMs : takesMs * prng.fraction()),
      returnMs: isLost ? undefined : returnMs,
    };
  });
}
