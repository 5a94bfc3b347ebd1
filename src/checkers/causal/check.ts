import { must, unreachable } from '../../std/index.ts';
import { AbsentReads } from './absent.ts';
import { Clocks } from './clocks.ts';
import { conflict } from './conflict.ts';
import { findCycle } from './cycle.ts';
import { circular, type Evidence, lost } from './evidence.ts';
import { explain } from './explanation.ts';
import { differing } from './finals.ts';
import { Graph } from './graph.ts';
import type { CausalHistory } from './history.ts';
import { Inference } from './inference.ts';
import { at, none } from './ints.ts';
import { kindOf, type ViolationKind } from './kind.ts';
import { Layout } from './layout.ts';
import { overwritten } from './overwritten.ts';
import { readsFrom } from './reads-from.ts';
import type { Visible } from './visible.ts';
import { acknowledgedWrites } from './writes.ts';

export type CausalVerdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly violation: CausalViolation };

export interface CausalViolation {
  readonly kind: ViolationKind;
  /** For people: what is wrong, the few operations that show it, why each comes before the next. */
  readonly lines: readonly string[];
}

/**
 * Whether a history is causally consistent, with one order of the writes for everybody (causal convergence).
 * Time and memory are proportional to the operations times the sessions; a get that found nothing without
 * being told why may take the square of the sessions, and what it saw be found out in several rounds.
 * Throws HoldfastError `resource_exhausted` for one whose clocks do not fit (limits.ts).
 */
export function checkCausal(history: CausalHistory): CausalVerdict {
  const layout = new Layout(history);
  const { source, bad } = readsFrom(layout);
  const check = new Check(layout, source);
  const evidence = bad ?? check.run();
  if (evidence === undefined) return { ok: true };
  const { graph } = check;
  return { ok: false, violation: { kind: kindOf(graph, evidence), lines: explain(graph, evidence) } };
}

class Check {
  readonly #layout: Layout;
  readonly #source: Int32Array;
  /** What is known when the check ends. */
  graph: Graph;

  constructor(layout: Layout, source: Int32Array) {
    this.#layout = layout;
    this.#source = source;
    this.graph = new Graph(layout, source, new Int32Array(0));
  }

  run(): Evidence | undefined {
    const pair = differing(this.#layout);
    if (pair !== undefined) return { type: 'diverged', one: pair[0], other: pair[1] };
    const clocks = new Clocks(this.#layout);
    const acknowledged = acknowledgedWrites(this.#layout);
    const settled = new AbsentReads(this.#layout, this.#source, clocks, acknowledged).settle();
    switch (settled.type) {
      case 'cyclic':
        return circular(this.graph, this.#readsLeft(clocks.next));
      case 'inexplicable':
        return lost(this.graph, settled.reads);
      case 'settled':
        return this.#infer(clocks, acknowledged, settled.unsettled);
      default:
        return unreachable(settled);
    }
  }

  #infer(clocks: Clocks, acknowledged: Visible, unsettled: Int32Array): Evidence | undefined {
    for (const [index, read] of unsettled.entries()) this.#source[read] = this.#layout.count + index;
    const inferred = new Inference(this.#layout, this.#source, clocks, acknowledged, unsettled).infer();
    this.graph = new Graph(this.#layout, this.#source, unsettled, inferred);
    const cycle = findCycle(this.graph);
    if (cycle === undefined) return undefined;
    const evidence = overwritten(this.graph, inferred, clocks) ?? conflict(this.graph, inferred, cycle);
    return must(evidence, 'what shows the cycle');
  }

  /** The reads a sweep did not take, those first that it could not go on with: some are on a cycle. */
  *#readsLeft(next: Int32Array): Iterable<number> {
    const { start } = this.#layout;
    for (let session = 0; session < next.length; session++) {
      if (at(next, session) < at(start, session + 1)) yield at(next, session);
    }
    for (let session = 0; session < next.length; session++) {
      for (let operation = at(next, session) + 1; operation < at(start, session + 1); operation++) {
        if (at(this.#source, operation) !== none) yield operation;
      }
    }
  }
}
