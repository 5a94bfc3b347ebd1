/** What came of a load. */
export interface LoadResult {
  readonly sent: number;
  /** What did not come back as expected, one line each. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

/** Counts what is sent, for as long as `stop` has not settled. */
export class Tally implements LoadResult {
  sent = 0;
  readonly failures: string[] = [];
  slowestMs = 0;
  isRunning = true;

  constructor(stop: Promise<unknown>) {
    const end = (): void => {
      this.isRunning = false;
    };
    // Whoever stops it hears of a failure there.
    stop.then(end, end);
  }

  /** `ask` sends the request of that number and says what went wrong; nothing when all is well. */
  async send(ask: (number: number) => Promise<string | undefined>): Promise<void> {
    const number = this.sent++;
    const startedAtMs = performance.now();
    const failure = await ask(number).catch(String);
    if (failure !== undefined) this.failures.push(`${number}: ${failure}`);
    this.slowestMs = Math.max(this.slowestMs, performance.now() - startedAtMs);
  }
}
