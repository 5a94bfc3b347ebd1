import { join } from 'node:path';
import { parseAddress } from 'holdfast/link';
import { parseEnvironment, type Variables } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
import { limits } from './limits.ts';

/** What an instance is, by its environment. */
export type Mode =
  /** Keeps nothing: passes every request on to `to`, `host:port`. */
  | { readonly kind: 'proxy'; readonly to: string }
  /** One store by itself. */
  | { readonly kind: 'alone'; readonly address: string }
  /** One of several; `isAdded`: its own address was missing in `VIEW`. */
  | {
      readonly kind: 'replica';
      readonly address: string;
      readonly members: readonly string[];
      readonly isAdded: boolean;
    };

export interface KvsEnvironment {
  readonly mode: Mode;
  /** Where it listens when `PORT` and `HOST` do not say: what others use to reach it, else loopback. */
  readonly port: number;
  readonly listenOn: string | undefined;
  /** Undefined keeps nothing beyond the process. */
  readonly folder: string | undefined;
  readonly causalWaitMs: number | undefined;
  readonly antiEntropyMs: number | undefined;
}

const defaultPort = 8090;

/** Throws `invalid_argument` with a sentence for what is wrong. */
export function readEnvironment(variables: Variables): KvsEnvironment {
  const own = textOf(variables, 'SOCKET_ADDRESS');
  if (own !== undefined) checkAddress('SOCKET_ADDRESS', own);
  const address = own === undefined ? undefined : parseAddress(own);
  return {
    mode: modeOf(variables, own),
    port: address?.port ?? defaultPort,
    listenOn: address === undefined ? undefined : address.host.includes(':') ? '::' : '0.0.0.0',
    folder: folderOf(variables, own),
    causalWaitMs: wholeNumber(variables, 'CAUSAL_WAIT_MS', 0, limits.causalWaitMsMax),
    antiEntropyMs: wholeNumber(
      variables,
      'ANTI_ENTROPY_MS',
      limits.antiEntropyMsMin,
      limits.antiEntropyMsMax,
    ),
  };
}

function modeOf(variables: Variables, own: string | undefined): Mode {
  const view = textOf(variables, 'VIEW');
  const to = textOf(variables, 'FORWARDING_ADDRESS');
  if (textOf(variables, 'SHARD_COUNT') !== undefined) {
    throw wrong(
      'SHARD_COUNT is set, but sharding is not there yet: leave it out and every replica has all.',
    );
  }
  if (view !== undefined && to !== undefined) {
    throw wrong('VIEW and FORWARDING_ADDRESS are both set: an instance is a replica or a proxy.');
  }
  if (to !== undefined) {
    checkAddress('FORWARDING_ADDRESS', to);
    if (to === own) throw wrong('FORWARDING_ADDRESS is the own SOCKET_ADDRESS: name the main instance.');
    return { kind: 'proxy', to };
  }
  if (view === undefined) {
    return { kind: 'alone', address: own ?? `127.0.0.1:${textOf(variables, 'PORT') ?? defaultPort}` };
  }
  const members = [...new Set(view.split(',').map((each) => each.trim()))];
  for (const member of members) checkAddress('VIEW', member);
  if (own === undefined) {
    throw wrong('VIEW is set and SOCKET_ADDRESS is not: say where the other replicas find this one.');
  }
  if (members.length > limits.viewMax) throw wrong(`VIEW may have ${limits.viewMax} addresses.`);
  const isAdded = !members.includes(own);
  return { kind: 'replica', address: own, members: isAdded ? [...members, own] : members, isAdded };
}

/** Each instance has a folder of its own, also where several run in one place. */
function folderOf(variables: Variables, own: string | undefined): string | undefined {
  const { dataFolder, instance, port } = parseEnvironment(variables);
  if (dataFolder === ':memory:') return undefined;
  const place = own === undefined ? String(port ?? defaultPort) : own.replace(/[^\w.-]+/g, '-');
  return dataFolder ?? join('.holdfast', 'data', instance ?? `kvs-${place}`);
}

function checkAddress(name: string, text: string): void {
  try {
    parseAddress(text);
  } catch {
    const form = name === 'VIEW' ? 'addresses such as 10.0.0.1:8090 with commas between' : 'host:port';
    throw wrong(`${name} must be ${form}, not ${JSON.stringify(text.slice(0, 80))}.`);
  }
}

function wholeNumber(variables: Variables, name: string, min: number, max: number): number | undefined {
  const text = textOf(variables, name);
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw wrong(
    `${name} must be a whole number of milliseconds from ${min} to ${max}, not ${JSON.stringify(text)}.`,
  );
}

/** An empty variable counts as not set. */
function textOf(variables: Variables, name: string): string | undefined {
  const text = variables[name]?.trim();
  return text === '' ? undefined : text;
}

function wrong(message: string): HoldfastError {
  return new HoldfastError('invalid_argument', message);
}
