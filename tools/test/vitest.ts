import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runNode } from './child.ts';
import type { Outcome } from './outcome.ts';

/** The parts of vitest's JSON report that are read. */
interface Report {
  readonly testResults: readonly {
    /** Of the file. */
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/** Runs vitest with the user's own arguments. `strict`: a test that was skipped has failed. */
export async function runVitest(
  root: string,
  args: readonly string[],
  options: { readonly strict: boolean },
): Promise<Outcome> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-test-'));
  try {
    const file = path.join(folder, 'report.json');
    const program = path.join(root, 'node_modules', 'vitest', 'vitest.mjs');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const end = await runNode([program, 'run', ...reporters, ...args], { cwd: root, stdio: 'inherit' });
    const report = fs.existsSync(file) ? (JSON.parse(fs.readFileSync(file, 'utf8')) as Report) : undefined;
    return outcomeOf(root, report, end, options.strict);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** `end` is vitest's exit status or the signal that ended it. */
export function outcomeOf(
  root: string,
  report: Report | undefined,
  end: number | string,
  strict: boolean,
): Outcome {
  if (report === undefined) return { passed: 0, failed: 1, remarks: [`vitest ended early (${end}).`] };
  const remarks: string[] = [];
  let passed = 0;
  let failed = 0;
  for (const { name, status, assertionResults } of report.testResults) {
    const file = path.relative(root, name);
    const failedBefore = failed;
    for (const { fullName, status } of assertionResults) {
      if (status === 'passed') {
        passed++;
      } else if (status === 'failed') {
        failed++;
        remarks.push(`Failed: ${file} > ${fullName}`);
      } else {
        if (strict) failed++;
        remarks.push(`Skipped${strict ? ', which CI does not accept' : ''}: ${file} > ${fullName}`);
      }
    }
    // A file that could not be loaded, or whose hooks failed, has no failed test to show for it.
    if (status === 'failed' && failed === failedBefore) {
      failed++;
      remarks.push(`Failed: ${file}`);
    }
  }
  if (end !== 0 && failed === 0) {
    failed++;
    remarks.push(`vitest ended with ${end} although no test failed: see its output above.`);
  }
  return { passed, failed, remarks };
}
