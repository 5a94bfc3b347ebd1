import type { Clocks } from './clocks.ts';
import type { Overwritten } from './evidence.ts';
import type { Graph } from './graph.ts';
import type { Inferred } from './inference.ts';
import { at } from './ints.ts';
import { limits } from './limits.ts';
import { isRead, isUnknown } from './operation.ts';
import { pathFrom, pathTo } from './paths.ts';
import { Search } from './search.ts';

/** The shortest of the proofs that a read returned what had been overwritten in its past, if there is one. */
export function overwritten(graph: Graph, inferred: Inferred, clocks: Clocks): Overwritten | undefined {
  let best: Overwritten | undefined;
  for (const read of staleReads(graph, inferred, clocks)) {
    const linksMax = best === undefined ? 2 * graph.count : best.later.length + best.past.length - 1;
    best = shortestProof(graph, read, linksMax) ?? best;
  }
  return best;
}

/**
 * The reads with a write in their past that has in its own what they returned, as many as are looked at.
 * Inference tells of each session only the last write a read has in its past; that is enough to know the
 * read, since it has all in its past that the writes before it have.
 */
function staleReads(graph: Graph, inferred: Inferred, clocks: Clocks): ReadonlySet<number> {
  const found = new Set<number>();
  for (let index = 0; index < inferred.to.length && found.size < limits.cyclesMax; index++) {
    const [from, to] = [inferred.from.at(index), inferred.to.at(index)];
    if (!graph.isOperation(from) || !graph.isOperation(to)) continue;
    const seenBy = isUnknown(at(graph.layout.code, to)) ? graph.readersOf(to) : [to];
    const isInPast = (operation: number): boolean =>
      !graph.layout.isFinal(operation) && clocks.isInPast(operation, from);
    if (seenBy.some(isInPast)) found.add(inferred.read.at(index));
  }
  return found;
}

/** From what the read returned on, and from the read back: the two meet in the writes that prove it stale. */
function shortestProof(graph: Graph, read: number, linksMax: number): Overwritten | undefined {
  const { key, code, count } = graph.layout;
  const seen = at(graph.source, read);
  const later = new Search(graph, seen, 'on');
  const past = new Search(graph, read, 'back');
  later.widenAll(linksMax - 1);
  past.widenAll(linksMax - 1);
  let best: number | undefined;
  let bestLinks = linksMax + 1;
  for (let write = 0; write < count; write++) {
    if (isRead(at(code, write)) || at(key, write) !== at(key, read) || write === seen) continue;
    if (!later.hasFound(write) || !past.hasFound(write)) continue;
    const links = later.linksTo(write) + past.linksTo(write);
    if (links < bestLinks) [best, bestLinks] = [write, links];
  }
  if (best === undefined) return undefined;
  return { type: 'overwritten', later: pathTo(graph, later, best), past: pathFrom(graph, past, best) };
}
