import { Agent, type Dispatcher, request } from 'undici';
import { type LoadResult, Tally } from './tally.ts';

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
  const pending = new Set<Promise<void>>();
  const tally = new Tally(stop);
  const startedAtMs = performance.now();
  while (tally.isRunning) {
    const due = Math.floor(((performance.now() - startedAtMs) * perS) / 1_000);
    while (tally.sent < due) {
      const each = tally.send((number) => ask(number, dispatcher));
      pending.add(each);
      each.finally(() => pending.delete(each));
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await Promise.all(pending);
  await dispatcher.close();
  return tally;
}
