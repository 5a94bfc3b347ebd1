import type { IncomingHttpHeaders } from 'node:http';
import { endToEndHeaders } from '../../calls/index.ts';

/** What only the gateway may say to a service; from outside it proves nothing. */
const ownHeaders = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded']);

export interface Peer {
  readonly address: string;
  readonly protocol: 'http';
}

/** The headers for the service: without those of the connection and of ours, with who asked. */
export function headersForUpstream(headers: IncomingHttpHeaders, peer: Peer): Record<string, string> {
  const passed: Record<string, string> = {};
  for (const [name, value] of endToEndHeaders(headers)) {
    if (ownHeaders.has(name)) continue;
    if (name === 'host' || name === 'content-length' || name === 'expect') continue;
    if (name.startsWith('x-holdfast-') || name === 'traceparent' || name === 'tracestate') continue;
    passed[name] = typeof value === 'string' ? value : value.join(', ');
  }
  passed['x-forwarded-for'] = peer.address;
  passed['x-forwarded-proto'] = peer.protocol;
  if (headers.host !== undefined) passed['x-forwarded-host'] = headers.host;
  return passed;
}
