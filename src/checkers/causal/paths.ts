import type { Graph } from './graph.ts';
import { byRead, Search } from './search.ts';

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

/** A shortest path between two operations, or undefined when there is none within so many links. */
export function shortestPath(
  graph: Graph,
  from: number,
  to: number,
  { along, linksMax }: PathOptions,
): readonly Link[] | undefined {
  const search = new Search(graph, to, 'back', along === 'everything');
  search.widenTo(from, linksMax);
  return search.hasFound(from) ? pathFrom(graph, search, from) : undefined;
}

/** From something that was found by a search that went back, to where the search began. */
export function pathFrom(graph: Graph, search: Search, from: number): readonly Link[] {
  const links: Link[] = [];
  for (let operation = from; search.linksTo(operation) > 0; operation = search.nearer(operation)) {
    const next = search.nearer(operation);
    links.push({ from: operation, to: next, why: why(graph, next, search.how(operation)) });
  }
  return links;
}

/** From where a search began that went on, to something it found. */
export function pathTo(graph: Graph, search: Search, to: number): readonly Link[] {
  const links: Link[] = [];
  for (let operation = to; search.linksTo(operation) > 0; operation = search.nearer(operation)) {
    links.push({
      from: search.nearer(operation),
      to: operation,
      why: why(graph, operation, search.how(operation)),
    });
  }
  return links.reverse();
}

function why(graph: Graph, to: number, how: number): Why {
  if (how === byRead) return { type: 'reads-from' };
  if (how > byRead) return { type: 'inferred', read: graph.reasonOf(to, how) };
  return { type: graph.layout.isFinal(to) ? 'end' : 'session-order' };
}
