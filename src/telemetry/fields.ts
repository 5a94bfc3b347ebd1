import { describeError } from '../std/index.ts';
import { limits } from './limits.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent';

/** What a line says, in the order it is to be shown. A field that is undefined is left out. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Names whose values never reach a log, however they are written: `X-Holdfast-Key`, `x_holdfast_key`. */
const secretNames = new Set([
  'authorization',
  'proxyauthorization',
  'xholdfastkey',
  'clusterkey',
  'cookie',
  'setcookie',
  'password',
  'token',
  'accesstoken',
  'refreshtoken',
  'ticket',
  'secret',
]);

export const redacted = '[redacted]';

/** Fields that hold an address, in whose query a secret may stand. */
const addressNames = new Set(['endpoint', 'path', 'url', 'error']);
const secretInQuery = /([?&](?:ticket|token|access_token|password|key|secret)=)[^&\s"#]*/gi;

export function isSecret(name: string): boolean {
  // Most names are short words without a capital or a dash: they are looked up as they stand.
  return secretNames.has(name) || secretNames.has(name.toLowerCase().replace(/[-_]/g, ''));
}

/** A field's value as it may be shown: no secrets, errors with their causes in one text, bounded. */
export function shown(name: string, value: unknown): unknown {
  if (isSecret(name)) return value === undefined ? undefined : redacted;
  if (typeof value === 'string') return shownText(name, value);
  if (typeof value !== 'object' || value === null) return value;
  return shownObject(name, value, { depth: 0, entriesLeft: limits.logEntriesMax });
}

function shownText(name: string, text: string): string {
  const visible =
    addressNames.has(name) && text.includes('=') ? text.replace(secretInQuery, `$1${redacted}`) : text;
  const { logValueCharsMax } = limits;
  if (visible.length <= logValueCharsMax) return visible;
  return `${visible.slice(0, logValueCharsMax)}... (${visible.length - logValueCharsMax} more characters)`;
}

/** How much of a nested value is still shown: it may be wide, deep or a circle. */
interface Room {
  readonly depth: number;
  entriesLeft: number;
}

function shownObject(name: string, value: object, room: Room): unknown {
  if (value instanceof Error) return shownText(name, describeError(value));
  if (value instanceof URL) return shownText('url', value.href);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString();
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Map) return shownObject(name, Object.fromEntries(value), room);
  if (value instanceof Set) return shownObject(name, [...value], room);
  if (room.depth >= limits.logDepthMax) return '[...]';
  const inner = { depth: room.depth + 1, entriesLeft: room.entriesLeft };
  const kept: [string, unknown][] = [];
  for (const [key, entry] of Object.entries(value)) {
    if (inner.entriesLeft <= 0) break;
    inner.entriesLeft--;
    kept.push([key, shownEntry(key, entry, inner)]);
  }
  room.entriesLeft = inner.entriesLeft;
  return Array.isArray(value) ? kept.map(([, entry]) => entry) : Object.fromEntries(kept);
}

function shownEntry(name: string, entry: unknown, room: Room): unknown {
  if (typeof entry === 'bigint') return String(entry);
  if (typeof entry !== 'object' || entry === null || isSecret(name)) return shown(name, entry);
  return shownObject(name, entry, room);
}
