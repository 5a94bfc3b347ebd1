import { must } from '../../std/index.ts';
import type { Clocks } from './clocks.ts';
import type { Graph } from './graph.ts';
import type { Inferred } from './inference.ts';
import { at } from './ints.ts';
import { limits } from './limits.ts';
import { isUnknown } from './operation.ts';
import { type Link, shortestPath } from './paths.ts';

/** What shows that a history is wrong: a few operations, and why each comes before the next. */
export type Evidence =
  | { readonly type: 'unwritten'; readonly read: number }
  | { readonly type: 'wrong-key'; readonly read: number; readonly write: number }
  | { readonly type: 'diverged'; readonly one: number; readonly other: number }
  /** Links that go round: operations that depend on each other. */
  | { readonly type: 'circular'; readonly links: readonly Link[] }
  /** The read found nothing, though a value is in its past and no delete can be what it saw. */
  | { readonly type: 'lost'; readonly past: readonly Link[] }
  | Overwritten
  | { readonly type: 'conflict'; readonly orders: readonly Order[] };

/** `past` ends with a read of what `later` begins with; between them stands a write that overwrote that. */
export interface Overwritten {
  readonly type: 'overwritten';
  readonly later: readonly Link[];
  readonly past: readonly Link[];
}

/** An order that goes round with others; where it was inferred, the path from it to the read. */
export interface Order {
  readonly link: Link;
  readonly past?: readonly Link[];
}

/** The shortest cycle of happens-before that goes through one of these reads and what it read. */
export function circular(graph: Graph, reads: Iterable<number>): Evidence {
  let best: readonly Link[] | undefined;
  let tried = 0;
  for (const read of reads) {
    if (best !== undefined && ++tried > limits.cyclesMax) break;
    const write = at(graph.source, read);
    const linksMax = (best?.length ?? graph.count + 1) - 2;
    const path = happensBefore(graph, read, write, linksMax);
    if (path !== undefined) best = [{ from: write, to: read, why: { type: 'reads-from' } }, ...path];
  }
  return { type: 'circular', links: must(best, 'a cycle through what could not be taken') };
}

/** The shortest proof that a value is in the past of a read that found nothing. */
export function lost(graph: Graph, read: number, values: Iterable<number>): Evidence {
  let best: readonly Link[] | undefined;
  for (const value of values) {
    const linksMax = (best?.length ?? graph.count + 1) - 1;
    best = happensBefore(graph, value, read, linksMax) ?? best;
  }
  return { type: 'lost', past: must(best, 'a path to what is in the past') };
}

/** The shortest of the proofs that a read returned what had been overwritten in its past, if there is one. */
export function overwritten(graph: Graph, inferred: Inferred, clocks: Clocks): Evidence | undefined {
  let best: Overwritten | undefined;
  for (const index of contradictions(graph, inferred, clocks)) {
    const write = inferred.from.at(index);
    const linksMax = (best === undefined ? 2 * graph.count : best.later.length + best.past.length) - 1;
    const later = happensBefore(graph, inferred.to.at(index), write, linksMax - 1);
    const past = later && happensBefore(graph, write, inferred.read.at(index), linksMax - later.length);
    if (later !== undefined && past !== undefined) best = { type: 'overwritten', later, past };
  }
  return best;
}

/** The inferred orders that are the reverse of what clocks say, as many as are looked at. */
function contradictions(graph: Graph, inferred: Inferred, clocks: Clocks): readonly number[] {
  const found: number[] = [];
  for (let index = 0; index < inferred.to.length && found.length < limits.cyclesMax; index++) {
    const [from, to] = [inferred.from.at(index), inferred.to.at(index)];
    if (!graph.isOperation(from) || !graph.isOperation(to)) continue;
    if (!isUnknown(at(graph.layout.code, to)) && clocks.isInPast(to, from)) found.push(index);
  }
  return found;
}

/** The shortest of the cycles through inferred orders, those first that were found on a cycle. */
export function conflict(graph: Graph, inferred: Inferred, cycle: readonly number[]): Evidence {
  let best: readonly Link[] | undefined;
  for (const index of startsOf(inferred, new Set(cycle))) {
    const [from, to] = [inferred.from.at(index), inferred.to.at(index)];
    const linksMax = (best?.length ?? graph.count + 1) - 2;
    const path = shortestPath(graph, to, from, { along: 'everything', linksMax });
    const why = { type: 'inferred', read: inferred.read.at(index) } as const;
    if (path !== undefined) best = [{ from, to, why }, ...path];
  }
  const orders = must(best, 'a cycle through an inferred order').map((link) => orderOf(graph, link));
  const [first, ...later] = orders as [Order, ...Order[]];
  return later.some(({ past }) => past !== undefined)
    ? { type: 'conflict', orders }
    : { type: 'overwritten', later: later.map(({ link }) => link), past: first.past ?? [] };
}

function orderOf(graph: Graph, link: Link): Order {
  if (link.why.type !== 'inferred') return { link };
  return {
    link,
    past: must(happensBefore(graph, link.from, link.why.read, graph.count), 'a path to the past'),
  };
}

function startsOf(inferred: Inferred, cycle: ReadonlySet<number>): readonly number[] {
  const on: number[] = [];
  const off: number[] = [];
  for (let index = 0; index < inferred.from.length && on.length < limits.cyclesMax; index++) {
    const isOn = cycle.has(inferred.from.at(index)) && cycle.has(inferred.to.at(index));
    if (isOn) on.push(index);
    else if (off.length < limits.cyclesMax) off.push(index);
  }
  return [...on, ...off].slice(0, limits.cyclesMax);
}

function happensBefore(
  graph: Graph,
  from: number,
  to: number,
  linksMax: number,
): readonly Link[] | undefined {
  return shortestPath(graph, from, to, { along: 'happens-before', linksMax });
}
