import { type Scenario, type Simulation, simulatorLimits } from 'holdfast/simulator';

/** Lines collected before they are printed: well below what a simulation keeps. */
const batchMin = simulatorLimits.transcriptLinesMax / 2;

/** Prints the whole story of a scenario's runs, not only the last lines that a simulation keeps. */
export class Teller {
  readonly scenario: Scenario;
  readonly #print: (line: string) => void;
  #simulation: Simulation | undefined;
  #told = 0;

  /** The runs must keep `simulatorLimits.transcriptLinesMax` lines. */
  constructor(scenario: Scenario, print: (line: string) => void) {
    this.#print = print;
    this.scenario = {
      ...scenario,
      run: (simulation) => {
        this.#simulation = simulation;
        this.#told = 0;
        simulation.afterEachStep(() => {
          if (simulation.recorded - this.#told >= batchMin) this.tell();
        });
        return scenario.run(simulation);
      },
    };
  }

  /** Prints what has happened since the last time; to be called once more when a run has ended. */
  tell(): void {
    const simulation = this.#simulation;
    if (simulation === undefined) return;
    const fresh = simulation.recorded - this.#told;
    this.#told = simulation.recorded;
    const lines = simulation.transcript();
    if (fresh > lines.length) this.#print(`... ${fresh - lines.length} lines are left out`);
    if (fresh > 0) for (const line of lines.slice(-fresh)) this.#print(line);
  }
}
