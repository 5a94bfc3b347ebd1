import { BlockList, isIP } from 'node:net';

/** Addresses of this machine alone, in every spelling, IPv4 within IPv6 included. */
const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Of a host in its canonical spelling. Only the one name is believed, no resolver is asked. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || contains(loopback, host);
}

export function contains(list: BlockList, host: string): boolean {
  const version = isIP(host);
  return version !== 0 && list.check(host, version === 4 ? 'ipv4' : 'ipv6');
}

/** A part of a name as resolvers take it; container names have underscores, too. */
const label = '[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?';
const hostName = new RegExp(`^(?=.{1,253}$)${label}(?:\\.${label})*\\.?$`);

/**
 * The one spelling of a host that everybody connects to alike: `127.1`, `0x7f000001` and `127.0.0.1` are one
 * address, names are lower-case. Undefined for what is no host: with a scheme, a path, a user, a zone id.
 */
export function canonicalHost(text: string): string | undefined {
  const isV6 = text.includes(':');
  if (!/^[A-Za-z0-9._:-]+$/.test(text)) return undefined;
  const address = isV6 ? `http://[${text}]` : `http://${text}`;
  if (!URL.canParse(address)) return undefined;
  const { hostname } = new URL(address);
  if (isV6) return hostname.slice(1, -1);
  return hostName.test(hostname) ? hostname : undefined;
}

/** Whether it stands for every address of a machine, so that nobody can be reached by it. */
export function isUnspecified(host: string): boolean {
  return host === '0.0.0.0' || host === '::' || host === '::ffff:0:0';
}
