// `npm test`: every test, then a short simulation. With arguments, which go to vitest, only the tests they
// choose. The last line is `N passed, N failed`, the sum of tests and scenarios.

import path from 'node:path';
import { lastLine, type Outcome, total } from './test/outcome.ts';
import { leaveOut } from './test/servers.ts';
import { runSimulation } from './test/simulation.ts';
import { runVitest } from './test/vitest.ts';

const seeds = 50;
const root = path.resolve(import.meta.dirname, '..');
const args = process.argv.slice(2);
const everything = args.length === 0;
// A choice of tests leaves the others out on purpose.
const isCi = process.env.CI === 'true';
const strict = everything && isCi;

let interrupted = false;
process.on('SIGINT', () => {
  interrupted = true;
});

// Who names a test wants to see why it cannot run.
const leftOut = everything ? await leaveOut(root, isCi) : { args: [], remarks: [] };
const outcomes: Outcome[] = [await runVitest(root, [...args, ...leftOut.args], { strict })];
outcomes.push({ passed: 0, failed: 0, remarks: leftOut.remarks });
if (everything && !interrupted) outcomes.push(await runSimulation(root, seeds));
if (interrupted) outcomes.push({ passed: 0, failed: 1, remarks: ['Interrupted: not everything ran.'] });
const outcome = total(outcomes);
console.log('');
for (const remark of outcome.remarks) console.log(remark);
console.log(lastLine(outcome));
process.exitCode = outcome.failed === 0 ? 0 : 1;
