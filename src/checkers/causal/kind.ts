import { unreachable } from '../../std/index.ts';
import type { Evidence, Order } from './evidence.ts';
import type { Graph } from './graph.ts';
import { at, none } from './ints.ts';
import { isDelete } from './operation.ts';
import type { Link } from './paths.ts';

/** What is wrong, in the field's words; the sentence says it to people. */
export const meanings = {
  'unwritten-value': 'A read returned what nobody wrote.',
  'wrong-key': 'A read returned what was written to another key.',
  'future-read': 'A read returned what its own session wrote only after it.',
  'causality-cycle': 'Operations of several sessions depend on each other.',
  'read-your-writes': 'A session did not see its own write.',
  'monotonic-reads': 'A session read what is older than what it had read before.',
  'monotonic-writes': 'A write was seen without an earlier write of the same session.',
  'writes-follow-reads': 'A write was seen without what its session had read before.',
  'causal-order': 'A read missed a write in its causal past.',
  'resurrected-value': 'A value came back after its delete was seen.',
  'conflicting-order': 'No single order of the writes explains all reads.',
  diverged: 'Replicas differ in the end.',
  'stale-final': 'A replica holds in the end what had been overwritten.',
} as const;

export type ViolationKind = keyof typeof meanings;

export function kindOf(graph: Graph, evidence: Evidence): ViolationKind {
  switch (evidence.type) {
    case 'unwritten':
      return 'unwritten-value';
    case 'wrong-key':
      return 'wrong-key';
    case 'diverged':
      return 'diverged';
    case 'circular':
      return isOfOneSession(graph, evidence.links) ? 'future-read' : 'causality-cycle';
    case 'lost':
      return missedBy(graph, evidence.past);
    case 'overwritten': {
      const [value, write] = [evidence.later[0]?.from, evidence.past[0]?.from];
      if (!isDeleted(graph, value) && isDeleted(graph, write)) return 'resurrected-value';
      return missedBy(graph, evidence.past);
    }
    case 'conflict':
      return isResurrection(graph, evidence.orders) ? 'resurrected-value' : 'conflicting-order';
    default:
      return unreachable(evidence);
  }
}

function isOfOneSession({ layout }: Graph, links: readonly Link[]): boolean {
  return new Set(links.map(({ from }) => at(layout.session, from))).size === 1;
}

/** The session guarantee (Terry et al., 1994) that a read broke which missed what this path begins with. */
function missedBy(graph: Graph, past: readonly Link[]): ViolationKind {
  const read = past.at(-1)?.to ?? none;
  if (graph.layout.isFinal(read)) return 'stale-final';
  return missed[past.map(({ why }) => why.type).join(' ')] ?? 'causal-order';
}

const missed: Readonly<Record<string, ViolationKind>> = {
  'session-order': 'read-your-writes',
  'reads-from session-order': 'monotonic-reads',
  'session-order reads-from session-order': 'monotonic-writes',
  'reads-from session-order reads-from session-order': 'writes-follow-reads',
};

/** A value and a delete, each before the other. */
function isResurrection(graph: Graph, orders: readonly Order[]): boolean {
  const [one, other] = orders.map(({ link }) => link.from);
  return orders.length === 2 && isDeleted(graph, one) !== isDeleted(graph, other);
}

function isDeleted(graph: Graph, write: number | undefined): boolean {
  if (write === undefined) return false;
  return !graph.isOperation(write) || isDelete(at(graph.layout.code, write));
}
