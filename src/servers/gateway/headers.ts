import type { IncomingHttpHeaders } from 'node:http';

/** Headers of one connection (RFC 9110 7.6.1): never passed on. */
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** What only the gateway may say to a service; from outside it proves nothing. */
const ownHeaders = new Set(['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'forwarded']);

export interface Peer {
  readonly address: string;
  readonly protocol: 'http';
}

/** The headers for the service: without those of the connection and of ours, with who asked. */
export function headersForUpstream(headers: IncomingHttpHeaders, peer: Peer): Record<string, string> {
  const named = namedByConnection(headers.connection);
  const passed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined || hopByHop.has(name) || named.has(name) || ownHeaders.has(name)) continue;
    if (name === 'host' || name === 'content-length' || name === 'expect') continue;
    if (name.startsWith('x-holdfast-') || name === 'traceparent' || name === 'tracestate') continue;
    passed[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  passed['x-forwarded-for'] = peer.address;
  passed['x-forwarded-proto'] = peer.protocol;
  if (headers.host !== undefined) passed['x-forwarded-host'] = headers.host;
  return passed;
}

type AnswerHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The headers for the client, as name and value pairs: a header may stand more than once. */
export function headersForClient(headers: AnswerHeaders): [string, string | string[]][] {
  const named = namedByConnection(headers.connection);
  return Object.entries(headers).flatMap(([name, value]): [string, string | string[]][] => {
    if (value === undefined || hopByHop.has(name) || named.has(name)) return [];
    return [[name, typeof value === 'string' ? value : [...value]]];
  });
}

function namedByConnection(connection: string | readonly string[] | undefined): ReadonlySet<string> {
  if (connection === undefined) return new Set();
  const text = typeof connection === 'string' ? connection : connection.join(',');
  return new Set(text.split(',').map((name) => name.trim().toLowerCase()));
}
