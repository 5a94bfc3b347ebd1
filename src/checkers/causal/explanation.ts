import { must, unreachable } from '../../std/index.ts';
import { type Evidence, isEverDeleted, type Order, type Overwritten } from './evidence.ts';
import type { Graph } from './graph.ts';
import { kindOf, meanings } from './kind.ts';
import { OperationText } from './operation-text.ts';
import type { Link } from './paths.ts';

/** Tells people what is wrong: what it is called, the operations that show it, and how they contradict. */
export function explain(graph: Graph, evidence: Evidence): readonly string[] {
  const kind = kindOf(graph, evidence);
  return [`${kind}: ${meanings[kind]}`, ...new Explanation(graph).of(evidence)];
}

class Explanation {
  readonly #graph: Graph;
  readonly #text: OperationText;

  constructor(graph: Graph) {
    this.#graph = graph;
    this.#text = new OperationText(graph);
  }

  of(evidence: Evidence): string[] {
    switch (evidence.type) {
      case 'unwritten':
        return [...this.#list(evidence.read), 'Nobody wrote that.'];
      case 'wrong-key':
        return this.#list(evidence.write, evidence.read);
      case 'diverged':
        return this.#list(evidence.one, evidence.other);
      case 'circular':
        return [...this.#chain(evidence.links), 'Each depends on the one above it, the first on the last.'];
      case 'lost':
        return [...this.#chain(evidence.past), this.#lost(evidence.past)];
      case 'overwritten':
        return [...this.#chain([...evidence.later, ...evidence.past]), this.#overwritten(evidence)];
      case 'conflict':
        return [...evidence.orders.flatMap((order) => this.#order(order)), this.#conflict(evidence.orders)];
      default:
        return unreachable(evidence);
    }
  }

  #list(...operations: number[]): string[] {
    return operations.map((operation) => `  ${this.#text.full(operation)}`);
  }

  /** An operation a line, with why it comes after the one above. */
  #chain(links: readonly Link[]): string[] {
    const first = must(links[0], 'a link');
    const rows = [
      { text: this.#text.full(first.from), why: '' },
      ...links.map((link) => ({ text: this.#text.full(link.to), why: this.#why(link) })),
    ];
    const width = Math.max(...rows.map(({ text }) => text.length));
    return rows.map(({ text, why }) => `  ${text.padEnd(width)}  ${why}`.trimEnd());
  }

  #why({ to, why }: Link): string {
    switch (why.type) {
      case 'session-order':
        return 'later in the same session';
      case 'reads-from':
        return this.#text.isSettled(to) ? 'saw that: nothing else explains it' : 'saw that';
      case 'end':
        return 'after everything';
      case 'inferred':
        return `as ${this.#text.name(why.read)} shows`;
      default:
        return unreachable(why);
    }
  }

  #lost(past: readonly Link[]): string {
    const read = must(past.at(-1), 'the read').to;
    const value = this.#text.name(must(past[0], 'the value').from);
    const name = this.#text.name(read);
    const why = isEverDeleted(this.#graph, read)
      ? 'every delete of it was overwritten before, or comes after'
      : 'nobody ever deleted it';
    return `${name} found nothing, although it depends on ${value}; ${why}.`;
  }

  #overwritten({ later, past }: Overwritten): string {
    const value = this.#text.name(must(later[0], 'what was read').from);
    const write = this.#text.name(must(past[0], 'what came later').from);
    const read = this.#text.name(must(past.at(-1), 'the read').to);
    return `${read} returned what ${value} wrote, although it depends on ${write}, which came after that.`;
  }

  #order({ link, past }: Order): string[] {
    const [from, to] = [this.#text.full(link.from), this.#text.full(link.to)];
    if (past === undefined) return [`${from} comes before ${to}: ${this.#why(link)}.`];
    const read = must(past.at(-1), 'the read').to;
    return [
      `${from} comes before ${to}: ${this.#text.name(read)} saw the latter and depends on the former.`,
      ...this.#chain(past),
    ];
  }

  #conflict(orders: readonly Order[]): string {
    return `So ${this.#text.name(must(orders[0], 'an order').link.from)} would have to come before itself.`;
  }
}
