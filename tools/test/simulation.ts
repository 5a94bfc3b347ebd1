import fs from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { runNode } from './child.ts';
import type { Outcome } from './outcome.ts';

/** Runs every scenario on this many seeds; its output is shown as it comes. */
export async function runSimulation(root: string, seeds: number): Promise<Outcome> {
  const program = path.join('simulations', 'main.ts');
  if (!fs.existsSync(path.join(root, program))) {
    return { passed: 0, failed: 1, remarks: [`${program} is missing: no scenario ran.`] };
  }
  console.log(`\nSimulation: ${seeds} seeds a scenario`);
  let sum: RegExpExecArray | undefined;
  const end = await runNode(
    [program, '--seeds', String(seeds)],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
    ({ stdout }) => {
      if (stdout === null) return;
      createInterface({ input: stdout }).on('line', (line) => {
        sum = /^(\d+) passed, (\d+) failed$/.exec(line.trim()) ?? undefined;
        // Not to be taken for the sum of everything, which ends the run.
        console.log(sum === undefined ? line : `Simulation: ${line.trim()}`);
      });
    },
  );
  return outcomeOf(sum, end);
}

function outcomeOf(sum: RegExpExecArray | undefined, end: number | string): Outcome {
  if (sum === undefined) {
    return {
      passed: 0,
      failed: 1,
      remarks: [`The simulation ended early (${end}), without its last line.`],
    };
  }
  const passed = Number(sum[1]);
  const failed = Number(sum[2]);
  if (end !== 0 && failed === 0) {
    return {
      passed,
      failed: 1,
      remarks: [`The simulation ended with ${end} although no scenario failed.`],
    };
  }
  return { passed, failed, remarks: failed === 0 ? [] : ['Failed: the simulation, see above.'] };
}
