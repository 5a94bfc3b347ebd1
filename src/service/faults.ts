import type { FastifyInstance, onRequestHookHandler } from 'fastify';
import type { Faults } from '../host/index.ts';
import { HoldfastError } from '../std/index.ts';
import { internalPrefix } from './health.ts';

const faultsPath = `${internalPrefix}faults`;

/**
 * What drills use: GET lists the faults, POST injects one (201 with its id), DELETE heals one (`?id=`)
 * or all. Internal, and refused where faults are not allowed. It answers while the process is paused.
 */
export function addFaultRoutes(
  app: FastifyInstance,
  faults: Faults,
  requireKey: onRequestHookHandler,
): void {
  const options = { onRequest: requireKey };
  app.get(faultsPath, options, () => ({ faults: faults.list() }));
  app.post(faultsPath, options, async (request, reply) => {
    // Loaded by drills only.
    const { parseFault } = await import('./fault-form.ts');
    return reply.code(201).send({ id: faults.inject(parseFault(request.body)) });
  });
  app.delete<{ Querystring: { id?: string } }>(faultsPath, options, (request) => {
    const { id } = request.query;
    if (id === undefined) {
      faults.healAll();
      return { healed: true };
    }
    if (!/^\d{1,9}$/.test(id))
      throw new HoldfastError('invalid_argument', 'The id of a fault is a number.');
    if (!faults.heal(Number(id))) throw new HoldfastError('not_found', `There is no fault ${id}.`);
    return { healed: true };
  });
}

/**
 * Holds work back while a `pause` fault is injected. All of it has its place in the service, and is dropped
 * when its caller leaves, so it is bounded.
 */
export class PauseGate {
  readonly #faults: Faults;
  readonly #held = new Set<() => void>();
  readonly #unsubscribe: () => void;

  constructor(faults: Faults) {
    this.#faults = faults;
    this.#unsubscribe = faults.onChange(() => this.#release());
  }

  /** With no fault at all this is one boolean. */
  get isShut(): boolean {
    return this.#faults.any && this.#faults.paused();
  }

  /** Returns what drops the work.  */
  hold(work: () => void): () => void {
    this.#held.add(work);
    return () => this.#held.delete(work);
  }

  close(): void {
    this.#unsubscribe();
  }

  #release(): void {
    if (this.isShut) return;
    // What is dropped by one of them meanwhile is not reached.
    for (const work of this.#held) {
      this.#held.delete(work);
      work();
    }
  }
}
