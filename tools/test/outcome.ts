/** What a run of tests came to. Remarks are for the person who reads the end of it, one line each. */
export interface Outcome {
  readonly passed: number;
  readonly failed: number;
  readonly remarks: readonly string[];
}

/** All of them as one; no test at all counts as a failure. */
export function total(outcomes: readonly Outcome[]): Outcome {
  const passed = outcomes.reduce((sum, outcome) => sum + outcome.passed, 0);
  const failed = outcomes.reduce((sum, outcome) => sum + outcome.failed, 0);
  const remarks = outcomes.flatMap((outcome) => outcome.remarks);
  return passed + failed === 0
    ? { passed, failed: 1, remarks: [...remarks, 'No test ran.'] }
    : { passed, failed, remarks };
}

/** The line that ends every run. */
export function lastLine({ passed, failed }: Outcome): string {
  return `${passed} passed, ${failed} failed`;
}
