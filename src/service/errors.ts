import { type ErrorCode, HoldfastError } from '../std/index.ts';

/** An error as a caller gets to see it. */
export interface ErrorAnswer {
  /** HTTP status. */
  readonly status: number;
  readonly code: ErrorCode;
  /** One sentence: what is wrong, what to do. */
  readonly message: string;
  readonly retryAfterS?: number | undefined;
  /** The methods a path does have, for status 405. */
  readonly allow?: string | undefined;
}

/** The body an error is answered with. */
export type ErrorBody = (error: ErrorAnswer) => unknown;

export const defaultErrorBody: ErrorBody = ({ code, message }) => ({ error: { code, message } });

/** The statuses HTTP has and the sixteen codes have not. */
const codesByStatus: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'unimplemented',
  408: 'deadline_exceeded',
  409: 'already_exists',
  413: 'out_of_range',
  414: 'out_of_range',
  429: 'resource_exhausted',
  431: 'out_of_range',
  501: 'unimplemented',
  503: 'unavailable',
  504: 'deadline_exceeded',
  505: 'unimplemented',
};

export function refusal(status: number, message: string): ErrorAnswer {
  const code = codesByStatus[status] ?? (status < 500 ? 'invalid_argument' : 'internal');
  return { status, code, message };
}

/**
 * What a handler's or the framework's error is to the caller. Texts of errors that are not ours stay here:
 * they may name files, queries or addresses.
 */
export function answerTo(error: unknown): ErrorAnswer {
  if (error instanceof HoldfastError) {
    const { code, message, retryAfterMs } = error;
    const retryAfterS = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1_000);
    return { status: error.httpStatus, code, message, retryAfterS };
  }
  const status = (error as { statusCode?: unknown } | null | undefined)?.statusCode;
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return refusal(status, (error as Error).message.slice(0, 300));
  }
  return refusal(500, 'The service failed to answer.');
}

/** Header fields of an error's answer, its body apart. */
export function errorHeaders(answer: ErrorAnswer): Record<string, string> {
  const headers: Record<string, string> = {};
  if (answer.retryAfterS !== undefined) headers['retry-after'] = String(answer.retryAfterS);
  if (answer.allow !== undefined) headers.allow = answer.allow;
  return headers;
}
