import type { Graph } from './graph.ts';
import { at, none } from './ints.ts';

const state = { unseen: 0, open: 1, done: 2 } as const;

/**
 * The operations of a cycle, each before the one it precedes, or undefined when there is none. A depth-first
 * search along predecessors that keeps its stack in an array: a path can be as long as the history.
 */
export function findCycle(graph: Graph): readonly number[] | undefined {
  const states = new Int32Array(graph.count);
  const stack = new Int32Array(graph.count);
  /** Which predecessor comes next, for each operation on the stack. */
  const next = new Int32Array(graph.count);
  for (let root = 0; root < graph.count; root++) {
    if (at(states, root) !== state.unseen) continue;
    let depth = 1;
    stack[0] = root;
    states[root] = state.open;
    while (depth > 0) {
      const operation = at(stack, depth - 1);
      const index = at(next, operation);
      next[operation] = index + 1;
      const before = graph.predecessor(operation, index);
      if (before === undefined) {
        states[operation] = state.done;
        depth--;
      } else if (before === none || at(states, before) === state.done) {
      } else if (at(states, before) === state.open) {
        return [...stack.subarray(stack.indexOf(before), depth)].reverse();
      } else {
        states[before] = state.open;
        stack[depth++] = before;
      }
    }
  }
  return undefined;
}
