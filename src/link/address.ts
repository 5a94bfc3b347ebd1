import type { Address } from '../host/index.ts';
import { HoldfastError, readAddress } from '../std/index.ts';

/** `host:port`, or `[host]:port` for IPv6, as the address to dial. Throws `invalid_argument`. */
export function parseAddress(text: string): Address {
  const address = readAddress(text);
  if (address !== undefined) return address;
  const message = `"${text}" is no address of a process: write host:port, such as 127.0.0.1:8090.`;
  throw new HoldfastError('invalid_argument', message);
}
