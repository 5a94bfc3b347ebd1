import type { Verdict } from '../core/events.ts';
import type { AnswerHeaders } from './answer.ts';

/** What a status says of the instance that answered with it. */
export function verdictOfStatus(status: number): Verdict {
  if (status === 503) return 'overloaded';
  if (status === 429) return 'limited';
  // "Not implemented" and "version not supported" are about the request.
  return status < 500 || status === 501 || status === 505 ? 'ok' : 'failed';
}

/** The Retry-After of an answer (RFC 9110, 10.2.3) in ms; a date counts from the answer's own. */
export function readRetryAfterMs(headers: AnswerHeaders): number | undefined {
  const value = headers['retry-after'];
  if (typeof value !== 'string') return undefined;
  if (/^\d{1,9}$/.test(value)) return Number(value) * 1_000;
  const ms = Date.parse(value) - Date.parse(String(headers.date));
  return ms >= 0 ? ms : undefined;
}
