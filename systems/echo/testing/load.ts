import { Agent, type Dispatcher, request } from 'undici';

export interface LoadResult {
  readonly sent: number;
  /** What did not come back as expected, one line each. */
  readonly failures: readonly string[];
  readonly slowestMs: number;
}

/** Echoes through B at a fixed rate, whatever the answers do, until `stop` settles. */
export function loadUntil(url: string, perS: number, stop: Promise<unknown>): Promise<LoadResult> {
  return sendUntil(perS, stop, async (number, dispatcher) => {
    const answer = await request(`${url}?msg=n${number}`, { dispatcher });
    const text = await answer.body.text();
    const expected = `{"service_b":"ok","service_a":{"echo":"n${number}"}}`;
    return answer.statusCode === 200 && text === expected ? undefined : `${answer.statusCode} ${text}`;
  });
}

/**
 * The same with requests that nobody may repeat once they were sent. The service has no POST there: its own
 * 405 is the answer that proves that it was reached.
 */
export function postUntil(url: string, perS: number, stop: Promise<unknown>): Promise<LoadResult> {
  return sendUntil(perS, stop, async (_, dispatcher) => {
    const answer = await request(url, { method: 'POST', body: '{}', dispatcher });
    const text = await answer.body.text();
    return answer.statusCode === 405 ? undefined : `POST: ${answer.statusCode} ${text}`;
  });
}

/** `ask` says what went wrong; nothing when all is well. */
async function sendUntil(
  perS: number,
  stop: Promise<unknown>,
  ask: (number: number, dispatcher: Dispatcher) => Promise<string | undefined>,
): Promise<LoadResult> {
  const dispatcher = new Agent({ connections: 128 });
  const failures: string[] = [];
  const pending = new Set<Promise<void>>();
  let sent = 0;
  let slowestMs = 0;
  let running = true;
  const end = (): void => {
    running = false;
  };
  // Whoever stops it hears of a failure there.
  stop.then(end, end);

  const one = async (number: number): Promise<void> => {
    const startedAtMs = performance.now();
    const failure = await ask(number, dispatcher).catch(String);
    if (failure !== undefined) failures.push(`${number}: ${failure}`);
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
