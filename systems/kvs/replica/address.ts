import { isIPv6 } from 'node:net';
import type { Address } from 'holdfast/host';
import { limits } from './limits.ts';

/** For whoever has written something else. */
export const addressForm =
  'host:port, such as 10.0.0.1:8090: a host of letters, digits, ".", "-" and "_", or an IPv6 address in ' +
  'brackets, and a port from 1 to 65535';

const form = /^(?:([\w.-]+)|\[([\da-f:.]+)\]):([1-9]\d{0,4})$/i;

/**
 * A socket address, from the environment or a request; undefined for anything else. It is a member's name on
 * all replicas and in their logs: no character is taken that could be overlooked there.
 */
export function parseAddress(text: string): Address | undefined {
  const [, name, literal = '', digits] = form.exec(text) ?? [];
  const host = name ?? (isIPv6(literal) ? literal : undefined);
  const port = Number(digits);
  if (host === undefined || port > limits.portMax || text.length > limits.addressCharactersMax) {
    return undefined;
  }
  return { host, port };
}
