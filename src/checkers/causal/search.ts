import type { Graph } from './graph.ts';
import { at, none } from './ints.ts';
import { isUnknown } from './operation.ts';

/** `back` goes to what comes before, `on` to what comes after. */
export type Direction = 'back' | 'on';

/** How a step leads from one operation to another; other numbers are those of inferred predecessors. */
export const bySession = 0;
export const byRead = 1;

/**
 * Breadth-first from one operation to ever earlier or ever later ones. A step to any operation of the same
 * session is one link, so that a search takes time in proportion to the operations and not to their pairs.
 */
export class Search {
  readonly #graph: Graph;
  readonly #direction: Direction;
  readonly #withInferred: boolean;
  /** For what was found: the operation it was found from, how, and how far that is from the origin. */
  readonly #from: Int32Array;
  readonly #how: Int32Array;
  readonly #links: Int32Array;
  readonly #queue: Int32Array;
  /** What was found last, and is to be widened, is from `taken` to before `found`. */
  #taken = 0;
  #found = 0;
  /** Of each session all before this were found, or all from this on. */
  readonly #edge: Int32Array;
  #hasFoundFinals = false;

  /** @param withInferred Along inferred orders as well as happens-before; only back. */
  constructor(graph: Graph, origin: number, direction: Direction, withInferred = false) {
    const { start } = graph.layout;
    this.#graph = graph;
    this.#direction = direction;
    this.#withInferred = withInferred;
    this.#from = new Int32Array(graph.count).fill(none);
    this.#how = new Int32Array(graph.count);
    this.#links = new Int32Array(graph.count);
    this.#queue = new Int32Array(graph.count);
    this.#edge = direction === 'back' ? start.slice() : start.slice(1);
    this.#find(origin, origin, bySession);
    this.#links[origin] = 0;
  }

  hasFound(operation: number): boolean {
    return at(this.#from, operation) !== none;
  }

  /** How many links something that was found is away from the origin. */
  linksTo(operation: number): number {
    return at(this.#links, operation);
  }

  /** The operation from which another was found: one link nearer to the origin. */
  nearer(operation: number): number {
    return at(this.#from, operation);
  }

  /** `bySession`, `byRead`, or which inferred predecessor it is. */
  how(operation: number): number {
    return at(this.#how, operation);
  }

  /** Widens until an operation is found or nothing is left within so many links. */
  widenTo(operation: number, linksMax: number): void {
    for (let links = 0; links < linksMax && !this.hasFound(operation); links++) this.#widen();
  }

  widenAll(linksMax: number): void {
    for (let links = 0; links < linksMax && this.#taken < this.#found; links++) this.#widen();
  }

  /** Finds all that are one link further away. */
  #widen(): void {
    for (const end = this.#found; this.#taken < end; this.#taken++) {
      const operation = at(this.#queue, this.#taken);
      if (this.#direction === 'back') this.#widenBack(operation);
      else this.#widenOn(operation);
    }
  }

  #widenBack(operation: number): void {
    this.#widenSessionsBack(operation);
    for (let index = byRead; index === byRead || this.#withInferred; index++) {
      const before = this.#graph.predecessor(operation, index);
      if (before === undefined) break;
      if (before !== none) this.#find(before, operation, index);
    }
  }

  /** All that come before in the same session; before a final state, all of every session. */
  #widenSessionsBack(operation: number): void {
    const { layout } = this.#graph;
    if (!this.#graph.isOperation(operation)) return;
    const session = at(layout.session, operation);
    if (!layout.isFinal(operation)) {
      this.#widenSessionBack(session, operation, operation);
      return;
    }
    for (let each = 0; each < layout.sessionCount; each++) {
      this.#widenSessionBack(each, at(layout.start, each + 1), operation);
    }
  }

  #widenSessionBack(session: number, end: number, operation: number): void {
    for (let earlier = at(this.#edge, session); earlier < end; earlier++) {
      if (!isUnknown(at(this.#graph.layout.code, earlier))) this.#find(earlier, operation, bySession);
    }
    this.#edge[session] = Math.max(end, at(this.#edge, session));
  }

  #widenOn(operation: number): void {
    const { layout } = this.#graph;
    const isOperation = this.#graph.isOperation(operation);
    if (isOperation && layout.isFinal(operation)) return;
    if (isOperation && !isUnknown(at(layout.code, operation))) this.#widenSessionOn(operation);
    for (const read of this.#graph.readersOf(operation)) this.#find(read, operation, byRead);
  }

  /** All that come after in the same session, and the final states. */
  #widenSessionOn(operation: number): void {
    const { session: sessions, sessionCount, start, count } = this.#graph.layout;
    const session = at(sessions, operation);
    const end = at(this.#edge, session);
    for (let later = operation + 1; later < end; later++) this.#find(later, operation, bySession);
    this.#edge[session] = Math.min(operation + 1, end);
    if (this.#hasFoundFinals) return;
    for (let read = at(start, sessionCount); read < count; read++) this.#find(read, operation, bySession);
    this.#hasFoundFinals = true;
  }

  #find(operation: number, from: number, how: number): void {
    if (this.hasFound(operation)) return;
    this.#from[operation] = from;
    this.#how[operation] = how;
    this.#links[operation] = at(this.#links, from) + 1;
    this.#queue[this.#found++] = operation;
  }
}
