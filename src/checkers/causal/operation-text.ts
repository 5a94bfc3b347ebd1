import type { Graph } from './graph.ts';
import { at, none } from './ints.ts';
import { limits } from './limits.ts';
import { code, isDelete, isRead, isUnknown } from './operation.ts';

/** Operations as people read them: `b[4] put x = 2`, the session and the place in it first. */
export class OperationText {
  readonly #graph: Graph;

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  name(operation: number): string {
    const { layout } = this.#graph;
    if (!this.#graph.isOperation(operation))
      return `the delete that ${this.name(this.#readerOf(operation))} saw`;
    const session = cut(layout.sessionName(at(layout.session, operation)));
    return layout.isFinal(operation) ? `${session} in the end` : `${session}[${layout.indexOf(operation)}]`;
  }

  full(operation: number): string {
    if (!this.#graph.isOperation(operation)) {
      const read = this.#readerOf(operation);
      return `the delete of ${this.#key(read)} that ${this.name(read)} saw`;
    }
    const { layout } = this.#graph;
    if (layout.isFinal(operation)) return `${this.name(operation)}: ${this.#found(operation)}`;
    return `${this.name(operation)} ${this.#called(operation)}`;
  }

  /** Whether it was found out which delete this read saw: the store did not tell. */
  isSettled(operation: number): boolean {
    const { layout, source } = this.#graph;
    const isUntold = at(layout.code, operation) === code.absent && at(layout.mark, operation) === none;
    return isUntold && this.#graph.isOperation(at(source, operation));
  }

  #called(operation: number): string {
    const kind = at(this.#graph.layout.code, operation);
    if (isRead(kind)) return `get ${this.#found(operation)}`;
    const lost = isUnknown(kind) ? ', answer lost' : '';
    const mark = this.#mark(operation);
    if (!isDelete(kind)) return `put ${this.#key(operation)} = ${mark}${lost}`;
    return `delete ${this.#key(operation)}${mark === '' ? '' : ` (${mark})`}${lost}`;
  }

  #found(operation: number): string {
    const mark = this.#mark(operation);
    if (at(this.#graph.layout.code, operation) === code.get) return `${this.#key(operation)} -> ${mark}`;
    return `${this.#key(operation)} -> nothing${mark === '' ? '' : ` (deleted by ${mark})`}`;
  }

  #key(operation: number): string {
    return cut(this.#graph.layout.keyName(at(this.#graph.layout.key, operation)));
  }

  #mark(operation: number): string {
    const mark = this.#graph.layout.markOf(operation);
    return mark === undefined ? '' : cut(JSON.stringify(mark));
  }

  #readerOf(standIn: number): number {
    return at(this.#graph.unsettled, standIn - this.#graph.layout.count);
  }
}

function cut(text: string): string {
  return text.length <= limits.nameCharsMax ? text : `${text.slice(0, limits.nameCharsMax)}...`;
}
