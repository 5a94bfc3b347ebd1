import { must } from '../../std/index.ts';
import type { Conflict, Order } from './evidence.ts';
import type { Graph } from './graph.ts';
import type { Inferred } from './inference.ts';
import { at } from './ints.ts';
import { limits } from './limits.ts';
import { isRead } from './operation.ts';
import { type Link, pathTo, shortestPath } from './paths.ts';
import { Search } from './search.ts';

/**
 * Of the cycles with more than one inferred order the one that takes the fewest operations to show, among
 * those looked at: a shortest one through each of some inferred orders, first those found on a cycle.
 */
export function conflict(graph: Graph, inferred: Inferred, cycle: readonly number[]): Conflict | undefined {
  let best: Conflict | undefined;
  for (const index of startsOf(inferred, new Set(cycle))) {
    const [from, to] = [inferred.from.at(index), inferred.to.at(index)];
    const linksMax = best === undefined ? graph.count : best.orders.length - 1;
    const path = shortestPath(graph, to, from, { along: 'everything', linksMax });
    if (path === undefined) continue;
    const why = { type: 'inferred', read: inferred.read.at(index) } as const;
    const first = [{ from, to, why }, ...path].map((link) => orderOf(graph, link));
    const orders = sharing(graph, shortened(graph, first));
    if (orders.filter(({ past }) => past !== undefined).length < 2) continue;
    if (best === undefined || sizeOf(orders) < sizeOf(best.orders)) best = { type: 'conflict', orders };
  }
  return best;
}

/**
 * With the path that shows it by the fewest operations besides those that are shown anyway: any read will do
 * that saw what comes after and has what comes before in its past.
 */
function orderOf(graph: Graph, link: Link, shown: ReadonlySet<number> = new Set()): Order {
  if (link.why.type !== 'inferred') return { link };
  const search = new Search(graph, link.from, 'on');
  search.widenAll(graph.count);
  let best: readonly Link[] | undefined;
  let bestSize = Number.POSITIVE_INFINITY;
  for (const read of graph.readersOf(link.to)) {
    if (!search.hasFound(read) || search.linksTo(read) >= bestSize + shown.size) continue;
    const path = pathTo(graph, search, read);
    const size = path.filter(({ to }) => !shown.has(to)).length;
    if (size < bestSize) [best, bestSize] = [path, size];
  }
  const past = must(best, 'the read that shows the order');
  return { link: { ...link, why: { type: 'inferred', read: must(past.at(-1), 'a link').to } }, past };
}

/** With operations that show several of the orders at once, where there are such. */
function sharing(graph: Graph, orders: readonly Order[]): readonly Order[] {
  return orders.reduce((chosen, { link }, index) => {
    const shown = operationsOf(chosen.filter((_, other) => other !== index));
    return chosen.with(index, orderOf(graph, link, shown));
  }, orders);
}

/**
 * A read that has a write in its past has there what happened before that write as well. Inference tells of
 * each session only the last write: where one before will do, the last is left out.
 */
function shortened(graph: Graph, orders: readonly Order[]): readonly Order[] {
  for (const [index, { link, past }] of orders.entries()) {
    const next = must(orders[(index + 1) % orders.length], 'an order').link;
    const isFollowed = past === undefined && next.why.type === 'inferred';
    if (!isFollowed || !isOfOneKey(graph, link.from, next.to)) continue;
    const direct = orderOf(graph, { ...next, from: link.from });
    const others = orders.filter((order) => order.link !== link && order.link !== next);
    const shorter = [direct, ...turned(others, next.to)];
    if (sizeOf(shorter) < sizeOf(orders)) return shortened(graph, shorter);
  }
  return orders;
}

/** Orders that go round, beginning with that from some operation. */
function turned(orders: readonly Order[], from: number): readonly Order[] {
  const first = orders.findIndex(({ link }) => link.from === from);
  return [...orders.slice(first), ...orders.slice(0, first)];
}

function isOfOneKey({ layout }: Graph, one: number, other: number): boolean {
  const isWrite = one < layout.count && !isRead(at(layout.code, one));
  return isWrite && one !== other && at(layout.key, one) === at(layout.key, other);
}

function sizeOf(orders: readonly Order[]): number {
  return operationsOf(orders).size;
}

function operationsOf(orders: readonly Order[]): ReadonlySet<number> {
  const links = orders.flatMap(({ link, past }) => [link, ...(past ?? [])]);
  return new Set(links.flatMap(({ from, to }) => [from, to]));
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
