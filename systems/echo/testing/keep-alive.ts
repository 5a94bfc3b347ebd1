import { Agent, get } from 'node:http';
import type { LoadResult } from './load.ts';

/**
 * Clients as anybody writes them: each has one connection that it keeps, and asks again as soon as it is
 * answered, until `stop` resolves and each has asked `atLeast` times.
 */
export async function askUntil(
  url: string,
  clients: number,
  stop: Promise<unknown>,
  atLeast = 0,
): Promise<LoadResult> {
  const failures: string[] = [];
  let sent = 0;
  let slowestMs = 0;
  let running = true;
  const end = (): void => {
    running = false;
  };
  // Whoever stops it hears of a failure there.
  stop.then(end, end);
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; running || turn < atLeast; turn++) {
      const number = sent++;
      const startedAtMs = performance.now();
      const failure = await ask(`${url}?msg=k${number}`, agent, `k${number}`);
      if (failure !== undefined) failures.push(`${number}: ${failure}`);
      slowestMs = Math.max(slowestMs, performance.now() - startedAtMs);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return { sent, failures, slowestMs };
}

/** What went wrong; undefined when nothing did. */
function ask(url: string, agent: Agent, msg: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const sent = get(url, { agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('error', (error) => resolve(String(error)));
      answer.on('end', () => {
        const isRight = answer.statusCode === 200 && text.includes(`{"echo":"${msg}"}`);
        resolve(isRight ? undefined : `${answer.statusCode} ${text}`);
      });
    });
    sent.on('error', (error) => resolve(String(error)));
  });
}
