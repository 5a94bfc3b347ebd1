import { createHash } from 'node:crypto';
import { serviceName } from '../../../registry/index.ts';
import { HoldfastError } from '../../../std/index.ts';
import { canonicalHost, isUnspecified } from './addresses.ts';
import { limits } from './limits.ts';

/** What a classic registration asks for. */
export interface Registration {
  /** As they were sent: the answer repeats them. */
  readonly sentHost: string;
  readonly sentType: string;
  readonly service: string;
  /** The same for the same service, host and port. */
  readonly id: string;
  readonly host: string;
  readonly port: number;
}

/** Throws `invalid_argument` for what is no registration. */
export function parseRegistration(body: unknown): Registration {
  const { host: sentHost, type: sentType } = fieldsOf(body);
  if (!isText(sentHost) || !isText(sentType)) throw invalid('Host and service type are required.');
  const service = parseType(sentType);
  const { host, port } = parseHost(sentHost);
  return { sentHost, sentType, service, id: idOf(service, `${host}:${port}`), host, port };
}

function fieldsOf(body: unknown): { readonly host?: unknown; readonly type?: unknown } {
  return typeof body === 'object' && body !== null ? body : {};
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

/** `authen`, `Authen`, `authenService` and `AUTHENSERVICE` are one service: authen. */
function parseType(type: string): string {
  const name = type.toLowerCase().replace(/(?<=[a-z0-9])service$/, '');
  // Some other letters have a lower case that is a plain one.
  if (/^[A-Za-z0-9-]+$/.test(type) && serviceName.safeParse(name).success) return name;
  throw invalid(
    `The service type ${quoted(type)} is not possible: it must be 1 to 63 letters, digits and hyphens, ` +
      'beginning with a letter or digit.',
  );
}

/** `name`, `name:port`, `1.2.3.4:port`, `::1`, `[::1]`, `[::1]:port` */
function parseHost(text: string): { readonly host: string; readonly port: number } {
  const bracketed = /^\[([^\]]*:[^\]]*)\](?::(\d{1,5}))?$/.exec(text);
  const plain = /^([^:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const bareV6 = text.split(':').length > 2 ? ([text, text, undefined] as const) : undefined;
  const [, name = '', digits] = bracketed ?? plain ?? bareV6 ?? [];
  const host = canonicalHost(name);
  const port = digits === undefined ? limits.portDefault : Number(digits);
  if (host === undefined || port < 1 || port > 65_535) {
    const form = 'it must be a name or an address, perhaps with a port, such as 127.0.0.1:8200';
    throw invalid(`The host ${quoted(text)} is not possible: ${form}.`);
  }
  if (isUnspecified(host)) {
    const text0 = `The host ${quoted(text)} stands for every address of a machine: give one to call it by.`;
    throw invalid(text0);
  }
  return { host, port };
}

function idOf(service: string, address: string): string {
  const id = `${service}@${address}`;
  if (id.length <= limits.idCharsMax) return id;
  return `${service}@${createHash('sha256').update(address).digest('hex').slice(0, 32)}`;
}

/** Whether this can be the id of an instance registered so; anybody may choose one that looks like it. */
export function mayBeClassic(service: string, id: string): boolean {
  return id.startsWith(`${service}@`);
}

const invalid = (text: string): HoldfastError => new HoldfastError('invalid_argument', text);

function quoted(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}
