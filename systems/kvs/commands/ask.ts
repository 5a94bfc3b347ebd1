import { request } from 'node:http';
import { describeError, HoldfastError, keyHeader, must } from 'holdfast/std';
import type { CommandContext } from 'holdfast/topology';

const timeoutMs = 10_000;
const readyMs = 1_000;

export interface Asking {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** It needs the cluster key. */
  readonly isInternal?: boolean;
}

export interface Told {
  readonly status: number;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** `127.0.0.1:8090` */
  readonly replica: string;
}

/**
 * Asks the replica that was named, else the first that can be reached. Throws `unavailable`. What may have
 * been carried out already is not asked of another one: it would be done twice.
 */
export async function ask(
  context: CommandContext,
  replica: string | undefined,
  asking: Asking,
): Promise<Told> {
  const addresses = replica === undefined ? context.addressesOf('kvs') : [addressOf(context, replica)];
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      // One that hangs is passed over soon where others can be asked.
      if (replica === undefined)
        await askOne(address, undefined, { method: 'GET', path: '/ready' }, readyMs);
      return await askOne(address, context.clusterKey, asking, timeoutMs);
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.mayHaveExecuted) throw error;
      failures.push(error.message);
    }
  }
  const hint = context.running ? '' : ' Nothing runs: start it with `npm start` or `npx holdfast up`.';
  throw new HoldfastError('unavailable', failures.join(' ') + hint);
}

/** Why a replica has not done what it was asked. */
export function refusalIn({ replica, status, text, fields }: Told): string {
  const why = typeof fields.error === 'string' ? fields.error : text.slice(0, 200);
  return `${replica}: ${why.replace(/\.$/, '')} (${status}).`;
}

function addressOf(context: CommandContext, replica: string): string {
  if (!/^\d+$/.test(replica)) {
    const address = `http://${replica}`;
    if (URL.canParse(address) && /:\d+$/.test(replica)) return address;
    const message = `--replica is a number from 1 on or host:port, not "${replica}".`;
    throw new HoldfastError('invalid_argument', message);
  }
  const all = context.addressesOf('kvs');
  const number = Number(replica);
  if (number >= 1 && number <= all.length) return must(all[number - 1], 'an address');
  const message = `There is no replica ${replica}: they are numbered from 1 to ${all.length}.`;
  throw new HoldfastError('invalid_argument', message);
}

function askOne(address: string, key: string | undefined, asking: Asking, withinMs: number): Promise<Told> {
  const { method, path, body, headers, isInternal = false } = asking;
  const { hostname, port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    let isConnected = false;
    const fail = (error: unknown): void => reject(failureOf(asking, host, isConnected, error));
    const asked = request(
      {
        // Not `fetch`, which would take the keys `.` and `..` for steps on the path.
        ...{ hostname: hostname.replace(/^\[|\]$/g, ''), port, path, method },
        // A connection of its own: nothing has been sent before it stands.
        agent: false,
        headers: {
          ...headers,
          'content-length': Buffer.byteLength(body ?? ''),
          // For nobody but those who are asked for what needs it.
          ...(isInternal && key !== undefined ? { [keyHeader]: key } : {}),
        },
        signal: AbortSignal.timeout(withinMs),
      },
      (response) => {
        response.toArray().then((chunks) => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, text, fields: fieldsIn(text), replica: host });
        }, fail);
      },
    );
    asked.on('socket', (socket) => {
      socket.once('connect', () => {
        isConnected = true;
      });
    });
    asked.on('error', fail);
    asked.end(body);
  });
}

function failureOf(
  { method, path }: Asking,
  host: string,
  isConnected: boolean,
  cause: unknown,
): HoldfastError {
  const why = reasonOf(cause);
  if (!isConnected || method === 'GET') {
    const message = `${host} cannot be reached (${why}).`;
    return new HoldfastError('unavailable', message, { mayHaveExecuted: false });
  }
  const look = path === '/view' ? 'view' : 'get <key>';
  const message =
    `${host} was asked and has not answered (${why}): it may or may not have been done. ` +
    `Look with \`npx holdfast kvs ${look}\`, and do it again if it was not.`;
  return new HoldfastError('unavailable', message, { mayHaveExecuted: true });
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

function reasonOf(error: unknown): string {
  const { name, code } = error as NodeJS.ErrnoException;
  return name === 'AbortError' || name === 'TimeoutError'
    ? 'no answer in time'
    : (code ?? describeError(error));
}
