import { must, type Prng } from '../../../std/index.ts';
import type { KeyValueInput } from '../models/key-value.ts';
import type { RegisterInput, RegisterOutput, RegisterValue } from '../models/register.ts';
import type { TicketOutput } from '../models/tickets.ts';
import type { AtomicObject } from './atomic-object.ts';

/** A register; of few values, so that compare-and-swap meets what it expects. */
export class AtomicRegister implements AtomicObject<RegisterInput, RegisterOutput> {
  readonly #values: number;
  #value: RegisterValue = null;

  constructor(values: number) {
    this.#values = values;
  }

  input(prng: Prng): RegisterInput {
    const value = 1 + prng.below(this.#values);
    const kind = prng.fraction();
    if (kind < 0.45) return { type: 'read' };
    return kind < 0.8
      ? { type: 'write', value }
      : { type: 'cas', expected: 1 + prng.below(this.#values), value };
  }

  apply(input: RegisterInput): RegisterOutput {
    if (input.type === 'read') return this.#value;
    if (input.type === 'cas' && this.#value !== input.expected) return false;
    this.#value = input.value;
    return input.type === 'cas' ? true : undefined;
  }
}

/** A store of some keys, in which every value is written once. */
export class AtomicStore implements AtomicObject<KeyValueInput, RegisterOutput> {
  readonly #keys: number;
  readonly #values = new Map<string, RegisterValue>();
  #written = 0;

  constructor(keys: number) {
    this.#keys = keys;
  }

  input(prng: Prng): KeyValueInput {
    const key = `k${prng.below(this.#keys)}`;
    const kind = prng.fraction();
    if (kind < 0.5) return { type: 'get', key };
    return kind < 0.9 ? { type: 'put', key, value: this.#written++ } : { type: 'delete', key };
  }

  apply(input: KeyValueInput): RegisterOutput {
    switch (input.type) {
      case 'get':
        return this.#values.get(input.key) ?? null;
      case 'put':
        this.#values.set(input.key, input.value);
        return undefined;
      case 'delete':
        this.#values.delete(input.key);
        return undefined;
      case 'cas':
        throw new Error('This store is not asked for that.');
    }
  }
}

/** Gives numbers while there is stock: some are refused, and later ones for less are not. */
export class AtomicTickets implements AtomicObject<string, TicketOutput> {
  #stock: number;
  readonly #orders: string[] = [];

  constructor(stock: number) {
    this.#stock = stock;
  }

  input(prng: Prng): string {
    return `order ${1 + prng.below(3)}`;
  }

  apply(input: string): TicketOutput {
    const quantity = Number(must(/\d+/.exec(input)?.[0], 'a quantity'));
    if (quantity > this.#stock) return 'refused';
    this.#stock -= quantity;
    return this.#orders.push(input) - 1;
  }
}
