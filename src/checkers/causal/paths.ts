import type { Graph } from './graph.ts';
import { at, none } from './ints.ts';
import { isUnknown } from './operation.ts';

/** Why one operation comes before another. */
export type Why =
  | { readonly type: 'session-order' }
  | { readonly type: 'reads-from' }
  /** A final state is read after everything. */
  | { readonly type: 'end' }
  /** Because of what this read returned, which has `from` in its causal past. */
  | { readonly type: 'inferred'; readonly read: number };

export interface Link {
  readonly from: number;
  readonly to: number;
  readonly why: Why;
}

export interface PathOptions {
  /** Along happens-before alone, or with the orders that were inferred. */
  readonly along: 'happens-before' | 'everything';
  readonly linksMax: number;
}

/**
 * A shortest path between two operations, or undefined when there is none within so many links. A step from
 * one operation to any later one of its session is one link.
 */
export function shortestPath(
  graph: Graph,
  from: number,
  to: number,
  { along, linksMax }: PathOptions,
): readonly Link[] | undefined {
  const search = new Search(graph, to, along === 'everything');
  for (let links = 0; links < linksMax && !search.hasFound(from); links++) search.widen();
  return search.hasFound(from) ? search.pathFrom(from) : undefined;
}

/** Breadth-first and backwards: from the end of a path to ever earlier operations. */
class Search {
  readonly #graph: Graph;
  readonly #withInferred: boolean;
  readonly #to: number;
  /** For what was found: the next operation towards the end, and which predecessor of that it is. */
  readonly #next: Int32Array;
  readonly #index: Int32Array;
  readonly #queue: Int32Array;
  /** What was found last, and is to be widened, is from `taken` to before `found`. */
  #taken = 0;
  #found = 0;
  /** Of each session, all before this were found. */
  readonly #floor: Int32Array;

  constructor(graph: Graph, to: number, withInferred: boolean) {
    this.#graph = graph;
    this.#withInferred = withInferred;
    this.#to = to;
    this.#next = new Int32Array(graph.count).fill(none);
    this.#index = new Int32Array(graph.count);
    this.#queue = new Int32Array(graph.count);
    this.#floor = graph.layout.start.slice();
    this.#find(to, to, 0);
  }

  hasFound(operation: number): boolean {
    return at(this.#next, operation) !== none;
  }

  /** Finds all that are one link further away. */
  widen(): void {
    for (const end = this.#found; this.#taken < end; this.#taken++) {
      const operation = at(this.#queue, this.#taken);
      this.#widenSessions(operation);
      for (let index = 1; ; index++) {
        if (index > 1 && !this.#withInferred) break;
        const before = this.#graph.predecessor(operation, index);
        if (before === undefined) break;
        if (before !== none) this.#find(before, operation, index);
      }
    }
  }

  pathFrom(from: number): readonly Link[] {
    const links: Link[] = [];
    for (let operation = from; operation !== this.#to; operation = at(this.#next, operation)) {
      links.push({ from: operation, to: at(this.#next, operation), why: this.#why(operation) });
    }
    return links;
  }

  #find(operation: number, next: number, index: number): void {
    if (this.hasFound(operation)) return;
    this.#next[operation] = next;
    this.#index[operation] = index;
    this.#queue[this.#found++] = operation;
  }

  /** All that come before in the same session; before a final state, all of every session. */
  #widenSessions(operation: number): void {
    const { layout } = this.#graph;
    if (!this.#graph.isOperation(operation)) return;
    const session = at(layout.session, operation);
    if (!layout.isFinal(operation)) {
      this.#widenSession(session, operation, operation);
      return;
    }
    for (let each = 0; each < layout.sessionCount; each++) {
      this.#widenSession(each, at(layout.start, each + 1), operation);
    }
  }

  #widenSession(session: number, end: number, operation: number): void {
    for (let earlier = at(this.#floor, session); earlier < end; earlier++) {
      if (!isUnknown(at(this.#graph.layout.code, earlier))) this.#find(earlier, operation, 0);
    }
    this.#floor[session] = Math.max(end, at(this.#floor, session));
  }

  #why(operation: number): Why {
    const next = at(this.#next, operation);
    const index = at(this.#index, operation);
    if (index === 1) return { type: 'reads-from' };
    if (index > 1) return { type: 'inferred', read: this.#graph.reasonOf(next, index) };
    return { type: this.#graph.layout.isFinal(next) ? 'end' : 'session-order' };
  }
}
