import { describeError, HoldfastError, keyHeader, must } from 'holdfast/std';
import type { CommandContext } from 'holdfast/topology';

const timeoutMs = 10_000;

export interface Asking {
  readonly method: 'GET' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

export interface Told {
  readonly status: number;
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** `127.0.0.1:8090` */
  readonly replica: string;
}

/** Asks the replica that was named, else the first that can be reached. Throws `unavailable`. */
export async function ask(
  context: CommandContext,
  replica: string | undefined,
  asking: Asking,
): Promise<Told> {
  const addresses = replica === undefined ? context.addressesOf('kvs') : [addressOf(context, replica)];
  const failures: string[] = [];
  for (const address of addresses) {
    try {
      return await askOne(address, context.clusterKey, asking);
    } catch (error) {
      failures.push(`${new URL(address).host} cannot be reached (${reasonOf(error)}).`);
    }
  }
  const hint = context.running ? '' : ' Nothing runs: start it with `npm start` or `npx holdfast up`.';
  throw new HoldfastError('unavailable', failures.join(' ') + hint);
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

async function askOne(address: string, key: string | undefined, asking: Asking): Promise<Told> {
  const { method, path, body, headers } = asking;
  const response = await fetch(`${address}${path}`, {
    method,
    ...(body === undefined ? {} : { body }),
    headers: { ...headers, ...(key === undefined ? {} : { [keyHeader]: key }) },
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await response.text();
  return { status: response.status, text, fields: fieldsIn(text), replica: new URL(address).host };
}

function fieldsIn(text: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** `fetch` itself only says that it failed. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return (cause as NodeJS.ErrnoException | undefined)?.code ?? describeError(error);
}
