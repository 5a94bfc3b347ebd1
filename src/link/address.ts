import type { Address } from '../host/index.ts';
import { HoldfastError } from '../std/index.ts';
import { limits } from './limits.ts';

/** What a terminal would obey, or a reader overlook: addresses stand in events and logs. */
const unfit = /[\p{C}\p{Z}]/u;

/** `host:port`, or `[host]:port` for IPv6, as the address to dial. Throws `invalid_argument`. */
export function parseAddress(text: string): Address {
  const address = readAddress(text);
  if (address !== undefined) return address;
  const message = `"${text}" is no address of a process: write host:port, such as 127.0.0.1:8090.`;
  throw new HoldfastError('invalid_argument', message);
}

/** Undefined when it is none. */
export function readAddress(text: string): Address | undefined {
  const match = /^(?:\[([^[\]]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  const isShort = new TextEncoder().encode(text).length <= limits.addressBytesMax;
  const isFit = isShort && !unfit.test(text);
  return host !== undefined && port >= 1 && port <= 65_535 && isFit ? { host, port } : undefined;
}
