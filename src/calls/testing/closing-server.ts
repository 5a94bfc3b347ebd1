import type { Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { request } from 'undici';
import { Prng } from '../../std/index.ts';
import type { Stage } from './stage.ts';

/** An upstream that closes idle connections at the worst moments. */
interface ClosingServer {
  readonly port: number;
  /** Requests that were read and thrown away with their connection. */
  swallowed: number;
  /** How often each body was read. */
  readonly seen: Map<string, number>;
}

/** For a machine that is busy with other things: no call here may end by its deadline. */
const patientMs = 15_000;
const swallowChance = 0.02;
const answer = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';

/**
 * It closes a connection at once, a few turns or a few milliseconds after an answer, gently or with a reset;
 * and now and then it reads one more request first and resets the connection instead of
 * answering. It never does so with the first request of a connection.
 */
async function closingServer(stage: Stage, prng: Prng): Promise<ClosingServer> {
  const server = { port: 0, swallowed: 0, seen: new Map<string, number>() };
  const port = await stage.raw((socket) => {
    let answers = 0;
    socket.on('data', (chunk) => {
      const body = chunk.toString('latin1').split('\r\n\r\n')[1] ?? '';
      if (body !== '') server.seen.set(body, (server.seen.get(body) ?? 0) + 1);
      if (answers > 0 && prng.fraction() < swallowChance) {
        server.swallowed += 1;
        socket.resetAndDestroy();
        return;
      }
      answers += 1;
      socket.write(answer);
      closeSoon(socket, prng);
    });
  });
  return Object.assign(server, { port });
}

function closeSoon(socket: Socket, prng: Prng): void {
  const close = prng.fraction() < 0.5 ? () => socket.end() : () => socket.resetAndDestroy();
  const way = prng.fraction();
  if (way < 0.1) setImmediate(close);
  else if (way < 0.2) setImmediate(() => setImmediate(close));
  else if (way < 0.5) globalThis.setTimeout(close, 1 + prng.fraction() * 4);
}

export interface IdleConnectionsRun {
  readonly seed: number;
  readonly way: 'request' | 'dispatcher';
  readonly method: 'GET' | 'POST';
  readonly count: number;
}

export interface IdleConnectionsOutcome {
  readonly answered: number;
  readonly errors: readonly unknown[];
  /** Attempts beyond the first of a call. */
  readonly retries: number;
  readonly swallowed: number;
  readonly seen: ReadonlyMap<string, number>;
}

/** So many requests to one such instance, eight at a time, with pauses in which connections are idle. */
export async function checkIdleConnections(
  stage: Stage,
  { seed, way, method, count }: IdleConnectionsRun,
): Promise<IdleConnectionsOutcome> {
  const prng = new Prng(seed);
  const server = await closingServer(stage, prng);
  const calls = stage.calls([server.port]);
  const dispatcher = calls.dispatcher('a', { timeoutMs: patientMs });
  const errors: unknown[] = [];
  let answered = 0;
  let next = 0;
  const call = async (body: string | undefined): Promise<unknown> => {
    if (way === 'request') return calls.request('a', { method, path: '/', body, timeoutMs: patientMs });
    const answer = await request('http://a/', { dispatcher, method, body: body ?? null });
    return answer.body.text();
  };
  const lane = async (): Promise<void> => {
    while (next < count) {
      const body = method === 'POST' ? `body ${next}` : undefined;
      next += 1;
      await call(body).then(
        () => {
          answered += 1;
        },
        (error: unknown) => errors.push(error),
      );
      if (prng.fraction() < 0.3) await setTimeout(prng.fraction() * 4);
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  const retries = calls.events.filter(
    (event) => event.type === 'attempt-ended' && event.attempt > 1,
  ).length;
  return { answered, errors, retries, swallowed: server.swallowed, seen: server.seen };
}
