/**
 * What happens to the probing of instances that hold no lease of their own. `nowMs` is monotonic; `id` names
 * an instance; `probe` numbers the requests sent to all of them.
 */
export type ProbingEvent =
  /** Probe it from now on, the first time at once. Of one probed already: a fresh start. */
  | {
      readonly type: 'enrolled';
      readonly id: string;
      readonly nowMs: number;
      /** Whether it is listed now, or only once a probe has succeeded. */
      readonly listed: boolean;
    }
  /** Probe it no more. */
  | { readonly type: 'removed'; readonly id: string; readonly nowMs: number }
  | {
      readonly type: 'probed';
      readonly id: string;
      readonly probe: number;
      readonly nowMs: number;
      readonly outcome: ProbeOutcome;
    }
  /** The moment of the last `wake` has come. */
  | { readonly type: 'woken'; readonly nowMs: number };

export type ProbeOutcome = { readonly ok: true } | { readonly ok: false; readonly why: string };

export type ProbingEffect =
  /** Send a request, and `probed` when it has ended. */
  | { readonly type: 'probe'; readonly id: string; readonly probe: number }
  /** Its answer is no longer wanted. */
  | { readonly type: 'cancel'; readonly id: string; readonly probe: number }
  /** It lives: list it, or renew its lease. */
  | { readonly type: 'put'; readonly id: string }
  /** It fails and is held: renew its lease, and list nothing that is not listed. */
  | { readonly type: 'keep'; readonly id: string }
  /** It failed too often in a row: take it off the list. */
  | { readonly type: 'unlist'; readonly id: string; readonly failures: number; readonly why: string }
  /** It has failed for so long that it is probed no more. The last effect about it. */
  | { readonly type: 'forget'; readonly id: string; readonly failingMs: number; readonly why: string }
  | { readonly type: 'report'; readonly report: ProbingReport }
  /** Send `woken` at this moment; replaces the one before. Undefined: none is needed. */
  | { readonly type: 'wake'; readonly atMs: number | undefined };

/** So many of the listed instances fail together that none is taken off the list for now. */
export interface ProbesHeld {
  readonly failing: number;
  readonly total: number;
  /** How much longer at the most. */
  readonly remainingMs: number;
}

export type ProbingReport =
  /** So many listed instances fail together that they stay listed for now. */
  | {
      readonly type: 'probes-held';
      readonly failing: number;
      readonly total: number;
      readonly holdMs: number;
    }
  /** The time is up: those that still fail are taken off the list after all. */
  | { readonly type: 'probes-released'; readonly failing: number; readonly total: number };
