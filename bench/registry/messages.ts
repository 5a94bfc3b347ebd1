/** What the bench asks of a process that makes load, over the channel between them. */
export type Order =
  /** Announces instances; answered when all are listed. */
  | { readonly type: 'announce'; readonly first: number; readonly count: number }
  /** Brings one instance to its next version. */
  | { readonly type: 'change'; readonly index: number }
  /** Opens watchers; answered when each knows `instances`. */
  | { readonly type: 'watch'; readonly count: number; readonly instances: number }
  | { readonly type: 'traffic' }
  | { readonly type: 'made' }
  /** When each instance last found its registry again, if it noticed that it had lost it. */
  | { readonly type: 'listed' }
  | { readonly type: 'seen' };

/** Bytes as TCP carries them, without its headers. */
export interface Traffic {
  readonly requests: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** A version of an instance and when it was made or seen, on the clock that all processes share. */
export interface Moment {
  readonly index: number;
  readonly version: number;
  readonly atUs: number;
}

export interface Listed {
  readonly index: number;
  /** 0: it never lost it. Undefined: it has not found it yet. */
  readonly atUs: number | undefined;
}

/** What one watcher saw: first of all a list, then changes, and what it shows now. */
export interface Seen {
  readonly moments: readonly Moment[];
  /** When its stream last began. */
  readonly openedUs: number;
  /** Views that differ in nothing from the one before. */
  readonly equalViews: number;
  /** Version by index. */
  readonly list: readonly (readonly [number, number])[];
}

/** What the streams of all watchers of a process carried, by their revisions. */
export interface StreamCount {
  readonly changes: number;
  /** Changes whose revision is not the next one after what came before in the stream it resumed. */
  readonly outOfOrder: number;
  /** Leases that ran out: instances that could not renew in time. */
  readonly expired: number;
  /** Of keep-alives: a position that no change led to. */
  readonly unexplained: number;
}

export interface SeenAnswer {
  readonly watchers: readonly Seen[];
  /** Undefined where the wire is not looked at. */
  readonly streams: StreamCount | undefined;
}

/** CLOCK_MONOTONIC, which is the same in every process of a machine. */
export function nowUs(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** Answers orders for as long as the bench lives. */
export function obey(handle: (order: Order) => unknown): void {
  process.on('message', async ({ number, order }: { number: number; order: Order }) => {
    const answer = await handle(order);
    process.send?.({ number, answer });
  });
  process.on('disconnect', () => process.exit(0));
}
