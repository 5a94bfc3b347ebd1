import { Agent, get } from 'node:http';
import { type LoadResult, Tally } from './tally.ts';

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
  const tally = new Tally(stop);
  const client = async (): Promise<void> => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let turn = 0; tally.isRunning || turn < atLeast; turn++) {
      await tally.send((number) => ask(`${url}?msg=k${number}`, agent, `k${number}`));
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return tally;
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
