import type { Connection, ConnectionHandlers, Host } from 'holdfast/host';
import type { Prng } from 'holdfast/std';
import { port } from './directory.ts';
import { formatAnswer, parseRequest, type Request } from './exchange.ts';
import type { Temper } from './temper.ts';

/** What an instance needs of the run it is part of. */
export interface Surroundings {
  readonly prng: Prng;
  readonly poisonResets: boolean;
  temperOf(name: string): Temper;
  executed(request: Request): void;
}

type Reply = (status: number, retryAfterMs?: number) => void;

/** One instance of the service: answers, or does not, as its temper is at the moment. */
export function runInstance(name: string, host: Host, run: Surroundings): void {
  const accept = (connection: Connection): ConnectionHandlers => {
    let request = '';
    if (run.temperOf(name).kind === 'shutting') connection.destroy();
    return {
      received: (bytes) => {
        request += Buffer.from(bytes).toString();
        if (request.endsWith('\n')) treat(name, host, run, connection, parseRequest(request));
      },
      closed: () => {},
    };
  };
  host.network.listen({ host: '0.0.0.0', port }, accept, () => {});
}

function treat(
  name: string,
  host: Host,
  run: Surroundings,
  connection: Connection,
  request: Request,
): void {
  const temper = run.temperOf(name);
  const reply: Reply = (status, retryAfterMs) => answer(host, connection, request, status, retryAfterMs);
  if (isRefused(temper, run.prng, reply)) return;
  run.executed(request);
  if (temper.kind === 'silent') return;
  if (temper.kind === 'resetting' || (request.isPoison && run.poisonResets)) {
    connection.destroy();
    return;
  }
  const isBad = request.isPoison || fails(temper, host, run.prng);
  const latencyMs = temper.kind === 'slow' ? 400 : temper.latencyMs;
  if (isBad && temper.kind !== 'failing') reply(500);
  else host.clock.setTimer(latencyMs, () => reply(isBad ? 500 : 200));
}

/** Refused before anything was done. */
function isRefused({ kind }: Temper, prng: Prng, reply: Reply): boolean {
  if (kind === 'busy') reply(503);
  else if (kind === 'busy-for-long') reply(503, 100 + prng.below(3_000));
  else if (kind === 'limiting') reply(429);
  else return false;
  return true;
}

function fails({ kind, failureShare, periodMs }: Temper, host: Host, prng: Prng): boolean {
  if (kind === 'flaky') return prng.chance(failureShare);
  if (kind === 'flapping') return Math.floor(host.clock.nowMs() / periodMs) % 2 === 0;
  return kind === 'failing' || kind === 'fast-failing';
}

/** A good answer to a stream has a head, and an end some time later. */
function answer(
  host: Host,
  connection: Connection,
  { isStreamed }: Request,
  status: number,
  retryAfterMs: number | undefined,
): void {
  if (status !== 200 || !isStreamed) {
    connection.write(Buffer.from(formatAnswer(status, retryAfterMs)));
    return;
  }
  connection.write(Buffer.from('head\n'));
  host.clock.setTimer(30, () => connection.write(Buffer.from(formatAnswer(status))));
}
