import { must } from '../../std/index.ts';
import type { Inexplicable } from './absent.ts';
import type { Graph } from './graph.ts';
import { at } from './ints.ts';
import { limits } from './limits.ts';
import { isDelete, isRead } from './operation.ts';
import { type Link, pathFrom, shortestPath } from './paths.ts';
import { Search } from './search.ts';

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
  | Conflict;

/** `past` ends with a read of what `later` begins with; between them stands a write that overwrote that. */
export interface Overwritten {
  readonly type: 'overwritten';
  readonly later: readonly Link[];
  readonly past: readonly Link[];
}

/** Orders that go round. */
export interface Conflict {
  readonly type: 'conflict';
  readonly orders: readonly Order[];
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

/** The shortest of the proofs that a value is in the past of a read that found nothing. */
export function lost(graph: Graph, reads: readonly Inexplicable[]): Evidence {
  let best: readonly Link[] | undefined;
  for (const { read, values } of reads) {
    const search = new Search(graph, read, 'back');
    search.widenAll((best?.length ?? graph.count + 1) - 1);
    for (const value of isEverDeleted(graph, read) ? values : writesOf(graph, read)) {
      const isBetter = search.hasFound(value) && search.linksTo(value) < (best?.length ?? graph.count);
      if (isBetter) best = pathFrom(graph, search, value);
    }
  }
  return { type: 'lost', past: must(best, 'a path to what is in the past') };
}

/** Where no delete can explain it, any value in the past of a read shows that it is wrong. */
function* writesOf({ layout }: Graph, read: number): Iterable<number> {
  for (let write = 0; write < layout.count; write++) {
    if (!isRead(at(layout.code, write)) && at(layout.key, write) === at(layout.key, read)) yield write;
  }
}

/** Whether any delete of the operation's key was called. */
export function isEverDeleted({ layout }: Graph, operation: number): boolean {
  const key = at(layout.key, operation);
  return layout.code.some((kind, other) => isDelete(kind) && at(layout.key, other) === key);
}

function happensBefore(
  graph: Graph,
  from: number,
  to: number,
  linksMax: number,
): readonly Link[] | undefined {
  return shortestPath(graph, from, to, { along: 'happens-before', linksMax });
}
