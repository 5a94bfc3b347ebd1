import { TraceHash } from './trace.ts';

/** A message as one line: text as it is, bytes by length and hash, the rest as JSON. */
export function describeMessage(message: unknown): string {
  if (typeof message === 'string') return message;
  if (message instanceof Uint8Array) return describeBytes(message);
  return JSON.stringify(message, replace) ?? String(message);
}

function replace(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (value instanceof Uint8Array) return describeBytes(value);
  if (value instanceof Map) return [...value];
  if (value instanceof Set) return [...value];
  return value;
}

function describeBytes(bytes: Uint8Array): string {
  const hash = new TraceHash();
  hash.bytes(bytes);
  return `${bytes.byteLength} bytes ${hash.hex()}`;
}
