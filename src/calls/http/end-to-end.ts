import type { AnswerHeaders } from './answer.ts';

/** Headers of one connection: a request or answer that is passed on does not take them along. */
const ofOneHop = new Set([
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

/**
 * What an intermediary may pass on, as name and value pairs: all but the headers of one connection and those
 * that `Connection` names (RFC 9110 section 7.6.1). Names are in lower case.
 */
export function endToEndHeaders(
  headers: AnswerHeaders,
): [name: string, value: string | readonly string[]][] {
  const named = String(headers.connection ?? '').split(',');
  const dropped = new Set(named.map((name) => name.trim().toLowerCase()));
  return Object.entries(headers).flatMap(([name, value]) =>
    value === undefined || ofOneHop.has(name) || dropped.has(name) ? [] : [[name, value]],
  );
}
