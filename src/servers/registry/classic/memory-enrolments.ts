import { limits } from '../../../registry/index.ts';
import type { AddOutcome, Enrolment, Enrolments, KeptOutcome, RemovalOutcome } from './enrolments.ts';

/** Enrolments that end with the process. */
export class MemoryEnrolments implements Enrolments {
  readonly #byId = new Map<string, Enrolment>();

  async list(): Promise<KeptOutcome> {
    return { result: 'kept', enrolments: [...this.#byId.values()] };
  }

  async add(enrolment: Enrolment): Promise<AddOutcome> {
    if (this.#byId.size >= limits.enrolmentsMax && !this.#byId.has(enrolment.id)) return { result: 'full' };
    this.#byId.set(enrolment.id, enrolment);
    return { result: 'added' };
  }

  async remove({ id, incarnation }: Pick<Enrolment, 'id' | 'incarnation'>): Promise<RemovalOutcome> {
    if (this.#byId.get(id)?.incarnation !== incarnation) return { result: 'absent' };
    this.#byId.delete(id);
    return { result: 'removed' };
  }
}
