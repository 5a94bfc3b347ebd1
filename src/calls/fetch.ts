import { HoldfastError } from '../std/index.ts';
import type { Caller, CallPreferences, Calls } from './caller.ts';
import { currentContext } from './context.ts';
import type { AnswerHeaders } from './http/answer.ts';

/** Statuses whose answer has no body: a Response refuses one (Fetch standard, null body status). */
const withoutBody = new Set([204, 205, 304]);

/** As for `fetch`, and what a call of ours may want besides. */
export interface FetchInit extends RequestInit {
  readonly holdfast?: CallPreferences | undefined;
}

/**
 * A call in the shape of `fetch`. As there, an aborted signal rejects with its reason; every other failure is
 * a HoldfastError. The answer is read whole before it is returned, so a Response never breaks off.
 */
export async function fetchShaped(
  calls: Calls & Caller,
  input: string | URL | Request,
  init?: FetchInit,
): Promise<Response> {
  const request = new Request(input, init);
  const url = new URL(request.url);
  if (url.protocol !== 'http:' || url.port !== '') {
    const text = `Write the address as http://<service>/<path>, not "${request.url}".`;
    throw new HoldfastError('invalid_argument', text);
  }
  try {
    const answer = await calls.request(url.hostname, {
      ...init?.holdfast,
      method: request.method,
      path: url.pathname + url.search,
      headers: Object.fromEntries(request.headers),
      body: await bodyOf(request, calls, init?.holdfast?.timeoutMs),
      signal: request.signal,
    });
    if (answer.status < 200 || answer.status > 599) {
      throw new HoldfastError('internal', `${url.hostname} answered with status ${answer.status}.`);
    }
    const body = withoutBody.has(answer.status) ? null : (answer.bytes as Uint8Array<ArrayBuffer>);
    return new Response(body, { status: answer.status, headers: pairs(answer.headers) });
  } catch (error) {
    if (request.signal.aborted) throw request.signal.reason;
    throw error;
  }
}

/** Read whole before the call begins, so that it can be sent again; within the time of a call. */
async function bodyOf(
  request: Request,
  caller: Caller,
  asked: number | undefined,
): Promise<Uint8Array | undefined> {
  if (request.body === null) return undefined;
  const timeoutMs = caller.timeoutMs(asked, currentContext());
  const late = Promise.withResolvers<never>();
  const timer = caller.clock.setTimer(timeoutMs, () => {
    const text = `The body of the request was not there within ${Math.ceil(timeoutMs)} ms.`;
    late.reject(new HoldfastError('deadline_exceeded', text, { mayHaveExecuted: false }));
  });
  try {
    return new Uint8Array(await Promise.race([request.arrayBuffer(), late.promise]));
  } catch (cause) {
    if (cause instanceof HoldfastError) throw cause;
    const text = 'The body of the request could not be read.';
    throw new HoldfastError('cancelled', text, { cause, mayHaveExecuted: false });
  } finally {
    timer.cancel();
  }
}

function pairs(headers: AnswerHeaders): [string, string][] {
  return Object.entries(headers).flatMap(([name, value]) => {
    if (value === undefined) return [];
    const values = typeof value === 'string' ? [value] : value;
    return values.map((each): [string, string] => [name, each]);
  });
}
