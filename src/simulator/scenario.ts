import type { Prng } from '../std/index.ts';
import type { FaultProfile } from './profile.ts';
import type { Simulation } from './simulation.ts';

/**
 * A story that must end well whatever goes wrong on the way. First the safety phase: programs run under
 * load and faults, and no invariant may break. Then the network heals, the load stops, and within a bounded
 * time the system must have converged.
 */
export interface Scenario {
  /** Its name in `npm run sim -- --scenario=<name>`. */
  readonly name: string;
  readonly summary: string;
  /** What goes wrong in a run; `swarm(prng)` by default. */
  readonly faults?: ((prng: Prng) => FaultProfile) | undefined;
  /** Length of the safety phase; 30 s of virtual time by default. */
  readonly safetyMs?: number | undefined;
  /** How long convergence may take once all is healed; 60 s of virtual time by default. */
  readonly convergenceMs?: number | undefined;
  /** Sets up the hosts, their programs and the load. Everything random comes from `simulation.prng`. */
  run(simulation: Simulation): Subject;
}

/**
 * What a scenario watches. Each answer is undefined when all is well, else one sentence about what is
 * wrong.
 */
export interface Subject {
  /** Must hold after every single event, so it should be cheap. */
  invariant?(): string | undefined;
  /** The safety phase is over: no further load, please. */
  stopLoad?(): void;
  /** What is not yet as it should be, some time after everything is healed. Asked after every event. */
  unsettled(): string | undefined;
  /** Asked once at the very end: does the history as a whole stand up to its checker? */
  verdict?(): string | undefined;
}
