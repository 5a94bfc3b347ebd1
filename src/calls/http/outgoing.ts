import type { Dispatcher } from 'undici';
import { HoldfastError } from '../../std/index.ts';
import type { CallPreferences } from '../caller.ts';
import { limits } from '../limits.ts';
import type { HeaderValue } from '../travelling.ts';

/** The service that a dispatch is for: the one given, or the host of its URL. */
export function serviceOf(given: string | undefined, origin: string | URL | undefined): string {
  if (given !== undefined) return given;
  const url = URL.parse(String(origin));
  if (url === null || url.protocol !== 'http:' || url.port !== '' || url.hostname === '') {
    const text = `Write the address as http://<service>/<path>, not "${origin}".`;
    throw new HoldfastError('invalid_argument', text);
  }
  return url.hostname;
}

/** What cannot go to whichever instance is best. */
export function refuseUnfit({ method, upgrade, path, query }: Dispatcher.DispatchOptions): void {
  if (method === 'CONNECT' || (upgrade !== undefined && upgrade !== null && upgrade !== false)) {
    const text = 'CONNECT and upgrades, WebSocket among them, cannot be made through calls.dispatcher().';
    throw new HoldfastError('unimplemented', text, { mayHaveExecuted: false });
  }
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw new HoldfastError('invalid_argument', `The path must start with a slash, unlike "${path}".`);
  }
  if (query !== undefined && query !== null && /[?#]/.test(path)) {
    const text = `Put the query into the path or into \`query\`, not into both: "${path}".`;
    throw new HoldfastError('invalid_argument', text);
  }
}

/**
 * undici's time limits in terms of a call. `headersTimeout` is how long an attempt waits for the head of its
 * answer. With `bodyTimeout` an answer may take as long as it keeps coming; without, the call's deadline
 * covers its body too. 0, which is no limit for undici, is the longest time that a call may take.
 */
export function timesOf(
  { headersTimeout, bodyTimeout }: Dispatcher.DispatchOptions,
  preferences: CallPreferences,
): Pick<CallPreferences, 'timeoutMs' | 'attemptTimeoutMs'> {
  const longestMs = limits.callTimeoutMsMax;
  const isHeadLimited = typeof headersTimeout === 'number' && headersTimeout > 0;
  const headMs = isHeadLimited ? headersTimeout : undefined;
  if (typeof bodyTimeout === 'number') {
    const attemptTimeoutMs = headersTimeout === 0 ? undefined : (headMs ?? limits.callTimeoutMs);
    return {
      timeoutMs: preferences.timeoutMs ?? longestMs,
      attemptTimeoutMs: headMs ?? preferences.attemptTimeoutMs ?? attemptTimeoutMs,
    };
  }
  const roomMs = headMs !== undefined && headMs > limits.callTimeoutMs ? headMs : undefined;
  return {
    timeoutMs: preferences.timeoutMs ?? (headersTimeout === 0 ? longestMs : roomMs),
    attemptTimeoutMs: headMs ?? preferences.attemptTimeoutMs,
  };
}

/** The headers of a dispatch, in whichever of undici's forms they come: names and values in turn. */
export function listHeaders(headers: unknown): HeaderValue[] {
  if (headers === null || headers === undefined) return [];
  if (typeof headers !== 'object') throw unreadable();
  if (Array.isArray(headers) && !Array.isArray(headers[0])) {
    if (headers.length % 2 !== 0) throw unreadable();
    return headers;
  }
  const pairs = Symbol.iterator in headers ? [...(headers as Iterable<unknown>)] : Object.entries(headers);
  return pairs.flatMap((pair): HeaderValue[] => {
    if (!Array.isArray(pair) || pair.length !== 2) throw unreadable();
    const [name, value] = pair;
    return value === undefined ? [] : [String(name), value];
  });
}

const unreadable = (): HoldfastError =>
  new HoldfastError('invalid_argument', 'Headers are an object, pairs, or names and values in turn.');
