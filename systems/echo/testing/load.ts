import { Agent, request } from 'undici';

export interface LoadResult {
  readonly sent: number;
  /** What did not come back as expected, one line each. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

/** Requests at a fixed rate, whatever the answers do, until `stop` resolves. */
export async function loadUntil(url: string, perS: number, stop: Promise<unknown>): Promise<LoadResult> {
  const dispatcher = new Agent({ connections: 128 });
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  let sent = 0;
  let slowestMs = 0;
  let running = true;
  stop.finally(() => {
    running = false;
  });

  const one = async (number: number): Promise<void> => {
    const startedAtMs = performance.now();
    try {
      const answer = await request(`${url}?msg=n${number}`, { dispatcher });
      const text = await answer.body.text();
      const expected = `{"service_b":"ok","service_a":{"echo":"n${number}"}}`;
      if (answer.statusCode !== 200 || text !== expected)
        failures.push(`${number}: ${answer.statusCode} ${text}`);
    } catch (error) {
      failures.push(`${number}: ${String(error)}`);
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
  };

  const startedAtMs = performance.now();
  while (running) {
    const due = Math.floor(((performance.now() - startedAtMs) * perS) / 1_000);
    while (sent < due) {
      const each = one(sent++);
      pending.add(each);
      each.finally(() => pending.delete(each));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(pending);
  await dispatcher.close();
  return { sent, failures, slowestMs };
}
