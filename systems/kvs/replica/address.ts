import { isIPv6 } from 'node:net';
import type { Address } from 'holdfast/host';
import { readAddress } from 'holdfast/std';

/** For whoever has written something else. */
export const addressForm =
  'host:port, such as 10.0.0.1:8090: a host of letters, digits, ".", "-" and "_", or an IPv6 address in ' +
  'brackets, and a port from 1 to 65535';

const plain = /^(?:[\w.-]+|\[[\da-f:.]+\]):[1-9]\d*$/i;

/**
 * A socket address, from the environment or a request; undefined for anything else. It is a member's name on
 * all replicas and in their logs: no character is taken that could be overlooked there.
 */
export function parseAddress(text: string): Address | undefined {
  const address = plain.test(text) ? readAddress(text) : undefined;
  const isWrong = text.startsWith('[') && !isIPv6(address?.host ?? '');
  return isWrong ? undefined : address;
}
