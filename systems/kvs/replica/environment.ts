import { join } from 'node:path';
import type { Address } from 'holdfast/host';
import { parseEnvironment, type ServiceEnvironment, type Variables } from 'holdfast/service';
import { HoldfastError } from 'holdfast/std';
import { addressForm, parseAddress } from './address.ts';
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
  const address = own === undefined ? undefined : addressIn('SOCKET_ADDRESS', own);
  const port = address?.port ?? defaultPort;
  const listenOn = address === undefined ? undefined : address.host.includes(':') ? '::' : '0.0.0.0';
  const service = parseEnvironment(variables, listenOn);
  return {
    mode: modeOf(variables, own, { host: service.host, port: service.port ?? port }),
    port,
    listenOn,
    folder: folderOf(service, own),
    causalWaitMs: wholeNumber(variables, 'CAUSAL_WAIT_MS', 0, limits.causalWaitMsMax),
    antiEntropyMs: wholeNumber(
      variables,
      'ANTI_ENTROPY_MS',
      limits.antiEntropyMsMin,
      limits.antiEntropyMsMax,
    ),
  };
}

function modeOf(variables: Variables, own: string | undefined, listensOn: Address): Mode {
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
    if (to === own || isListener(addressIn('FORWARDING_ADDRESS', to), listensOn)) {
      throw wrong('FORWARDING_ADDRESS is the address of this proxy itself: name the main instance.');
    }
    return { kind: 'proxy', to };
  }
  if (view === undefined) {
    return { kind: 'alone', address: own ?? `127.0.0.1:${listensOn.port}` };
  }
  const members = [...new Set(view.split(',').map((each) => each.trim()))];
  for (const member of members) addressIn('VIEW', member);
  if (own === undefined) {
    throw wrong('VIEW is set and SOCKET_ADDRESS is not: say where the other replicas find this one.');
  }
  const isAdded = !members.includes(own);
  if (isAdded) members.push(own);
  if (members.length > limits.viewMax) {
    throw wrong(`VIEW has ${members.length} addresses with its own: ${limits.viewMax} are the most.`);
  }
  return { kind: 'replica', address: own, members, isAdded };
}

/** What a machine calls itself: who listens on one of these is reached by others of them. */
const loopback = ['127.0.0.1', 'localhost', '::1', '0.0.0.0', '::'];

/** Whether what is sent to an address comes to the one that listens there. */
function isListener(to: Address, { host, port }: Address): boolean {
  const isSame = to.host === host || (loopback.includes(to.host) && loopback.includes(host));
  return isSame && to.port === port;
}

/** Each instance has a folder of its own, also where several run in one place. */
function folderOf(
  { dataFolder, instance, port }: ServiceEnvironment,
  own: string | undefined,
): string | undefined {
  if (dataFolder === ':memory:') return undefined;
  const place = own === undefined ? String(port ?? defaultPort) : own.replace(/[^\w.-]+/g, '-');
  return dataFolder ?? join('.holdfast', 'data', instance ?? `kvs-${place}`);
}

function addressIn(name: string, text: string): Address {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  const each = name === 'VIEW' ? 'addresses with commas between, each ' : '';
  const shown = text.slice(0, 80).replace(/[^\x20-\x7e]/g, '?');
  throw wrong(`${name} must be ${each}${addressForm}; not "${shown}".`);
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
