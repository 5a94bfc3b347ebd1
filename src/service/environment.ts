import { HoldfastError } from '../std/index.ts';
import type { LogFormat, LogLevel } from '../telemetry/index.ts';

/** What the environment of a service process says, checked. An empty variable counts as not set. */
export interface ServiceEnvironment {
  /** `PORT`; 0 takes a free one. */
  readonly port: number | undefined;
  /** `HOST`; loopback unless the service says otherwise. */
  readonly host: string;
  /** `HOLDFAST_REGISTRY`: base addresses; empty for `none`. */
  readonly registries: readonly string[];
  /** `HOLDFAST_INSTANCE` */
  readonly instance: string | undefined;
  /** `HOLDFAST_WEIGHT`: its share of the traffic beside other instances, 1 by default; 0 takes none. */
  readonly weight: number;
  /** `HOLDFAST_ZONE`: where it runs; callers prefer what is in their own zone. */
  readonly zone: string | undefined;
  /** `CLUSTER_KEY`: what internal endpoints ask for. Never log it. */
  readonly clusterKey: string | undefined;
  /** `HOLDFAST_FAULTS=on`: drills may inject faults. */
  readonly faults: boolean;
  /** `HOLDFAST_DATA` or `DATA_DIR`: the folder for the service's data. */
  readonly dataFolder: string | undefined;
  /** `LOG_FORMAT` */
  readonly logFormat: LogFormat;
  /** `LOG_LEVEL` */
  readonly logLevel: LogLevel;
  /** All variables as they are, for the service's own. */
  readonly variables: Variables;
}

export type Variables = Readonly<Record<string, string | undefined>>;

const loopback = '127.0.0.1';
const defaultRegistry = 'http://127.0.0.1:8500';
const logFormats: readonly LogFormat[] = ['text', 'json'];
const logLevels: readonly LogLevel[] = ['debug', 'info', 'warn', 'error', 'fatal', 'silent'];

/**
 * Throws `invalid_argument` with one sentence for each variable that is wrong. `listenOn`: for a service that
 * says itself where it listens when `HOST` does not.
 */
export function parseEnvironment(variables: Variables, listenOn = loopback): ServiceEnvironment {
  const problems: string[] = [];
  const read = <T>(name: string, parse: (text: string) => T): T | undefined => {
    const text = variables[name]?.trim();
    if (text === undefined || text === '') return undefined;
    try {
      return parse(text);
    } catch (error) {
      problems.push(`${name} ${(error as Error).message}`);
      return undefined;
    }
  };
  const environment: ServiceEnvironment = {
    port: read('PORT', parsePort),
    host: read('HOST', parseHost) ?? listenOn,
    registries: read('HOLDFAST_REGISTRY', parseRegistries) ?? [defaultRegistry],
    instance: read('HOLDFAST_INSTANCE', parseInstance),
    weight: read('HOLDFAST_WEIGHT', parseWeight) ?? 1,
    zone: read('HOLDFAST_ZONE', parseZone),
    clusterKey: read('CLUSTER_KEY', parseKey),
    faults: read('HOLDFAST_FAULTS', oneOf(['on', 'off'])) === 'on',
    dataFolder: read('HOLDFAST_DATA', String) ?? read('DATA_DIR', String),
    logFormat: read('LOG_FORMAT', oneOf(logFormats)) ?? 'text',
    logLevel: read('LOG_LEVEL', oneOf(logLevels)) ?? 'info',
    variables,
  };
  if (problems.length > 0) throw new HoldfastError('invalid_argument', problems.join(' '));
  return environment;
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new Error(`must be a whole number from 0 to 65535, not ${quoted(text)}.`);
}

function parseHost(text: string): string {
  const host = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text;
  if (host.includes('%')) {
    throw new Error(
      `must have no zone id (%...): it cannot be announced, others cannot use it; not ${quoted(text)}.`,
    );
  }
  // It is announced and becomes part of addresses, so it has to be one there.
  const inUrl = host.includes(':') ? `[${host}]` : host;
  if (/^[\w.:-]{1,253}$/.test(host) && URL.canParse(`http://${inUrl}`)) return host;
  throw new Error(`must be an address or a host name such as 127.0.0.1, not ${quoted(text)}.`);
}

function parseRegistries(text: string): readonly string[] {
  if (text === 'none') return [];
  return text.split(',').map((part) => {
    const address = part.trim();
    const url = URL.canParse(address) ? new URL(address) : undefined;
    if (url?.protocol === 'http:' && url.pathname === '/' && url.search === '') return url.origin;
    const form = 'must be addresses such as http://127.0.0.1:8500 with commas between, or none';
    throw new Error(`${form}, not ${quoted(address)}.`);
  });
}

function parseInstance(text: string): string {
  if (/^[\w.-]{1,128}$/.test(text)) return text;
  throw new Error(`must be letters, digits, dots and dashes, at most 128, not ${quoted(text)}.`);
}

function parseWeight(text: string): number {
  const weight = Number(text);
  if (/^[\d.]+(e-?\d+)?$/.test(text) && weight >= 0 && weight <= 1_000) return weight;
  throw new Error(`must be a number from 0 to 1000, not ${quoted(text)}.`);
}

function parseZone(text: string): string {
  if (/^[A-Za-z0-9._-]{1,64}$/.test(text)) return text;
  throw new Error(`must be letters, digits and . _ -, at most 64, not ${quoted(text)}.`);
}

function parseKey(text: string): string {
  if (/^[\x21-\x7e]{1,512}$/.test(text)) return text;
  throw new Error('must be printable ASCII without spaces, at most 512 characters.');
}

function oneOf<T extends string>(choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((each) => each === text.toLowerCase());
    if (choice !== undefined) return choice;
    throw new Error(
      `must be ${choices.slice(0, -1).join(', ')} or ${choices.at(-1)}, not ${quoted(text)}.`,
    );
  };
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** Whether only this machine can reach what listens there. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** Whether it stands for every address of this machine. */
export function isWildcard(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}
