import { HoldfastError } from '../std/index.ts';
import type { Calls } from './caller.ts';
import type { AnswerHeaders } from './http/answer.ts';

/** Statuses whose answer has no body: a Response refuses one (Fetch standard, null body status). */
const withoutBody = new Set([204, 205, 304]);

/**
 * A call in the shape of `fetch`. As there, an aborted signal rejects with its reason; every other failure is
 * a HoldfastError. The answer is read whole before it is returned, so a Response never breaks off.
 */
export async function fetchShaped(
  calls: Calls,
  input: string | URL | Request,
  init?: RequestInit,
): Promise<Response> {
  const request = new Request(input, init);
  const url = new URL(request.url);
  if (url.protocol !== 'http:' || url.port !== '') {
    const text = `Write the address as http://<service>/<path>, not "${request.url}".`;
    throw new HoldfastError('invalid_argument', text);
  }
  try {
    const answer = await calls.request(url.hostname, {
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
      body: request.body === null ? undefined : new Uint8Array(await request.arrayBuffer()),
      signal: request.signal,
    });
    if (answer.status < 200 || answer.status > 599) {
      throw new HoldfastError('internal', `${url.hostname} answered with status ${answer.status}.`);
    }
    const body = withoutBody.has(answer.status) ? null : (answer.bytes as Uint8Array<ArrayBuffer>);
    return new Response(body, { status: answer.status, headers: pairs(answer.headers) });
  } catch (error) {
    if (error instanceof HoldfastError && error.code === 'cancelled') throw request.signal.reason;
    throw error;
  }
}

function pairs(headers: AnswerHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = typeof value === 'string' ? [value] : value;
    return values.map((each): [string, string] => [name, each]);
  });
}
