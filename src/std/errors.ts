/**
 * The one error class of the platform's edges. The codes are gRPC's sixteen canonical status codes
 * (google.rpc.Code); an error crosses HTTP and gRPC without changing its meaning.
 */
export type ErrorCode =
  | 'cancelled'
  | 'unknown'
  | 'invalid_argument'
  | 'deadline_exceeded'
  | 'not_found'
  | 'already_exists'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'failed_precondition'
  | 'aborted'
  | 'out_of_range'
  | 'unimplemented'
  | 'internal'
  | 'unavailable'
  | 'data_loss'
  | 'unauthenticated';

export interface CodeMeaning {
  /** The number on the wire in `grpc-status`. */
  readonly grpc: number;
  readonly httpStatus: number;
  /** Whether the same request may succeed when it is sent again, its effects aside. */
  readonly retryable: boolean;
  /** Whether the request may have taken effect; the thrower narrows this when it knows better. */
  readonly mayHaveExecuted: boolean;
}

const meaning = (
  grpc: number,
  httpStatus: number,
  retryable: boolean,
  mayHaveExecuted: boolean,
): CodeMeaning => ({
  grpc,
  httpStatus,
  retryable,
  mayHaveExecuted,
});

export const errorCodes: Readonly<Record<ErrorCode, CodeMeaning>> = {
  cancelled: meaning(1, 499, false, true),
  unknown: meaning(2, 500, false, true),
  invalid_argument: meaning(3, 400, false, false),
  deadline_exceeded: meaning(4, 504, true, true),
  not_found: meaning(5, 404, false, false),
  already_exists: meaning(6, 409, false, false),
  permission_denied: meaning(7, 403, false, false),
  resource_exhausted: meaning(8, 429, true, false),
  failed_precondition: meaning(9, 400, false, false),
  aborted: meaning(10, 409, true, false),
  out_of_range: meaning(11, 400, false, false),
  unimplemented: meaning(12, 501, false, false),
  internal: meaning(13, 500, false, true),
  unavailable: meaning(14, 503, true, true),
  data_loss: meaning(15, 500, false, true),
  unauthenticated: meaning(16, 401, false, false),
};

const byNumber = new Map<number, ErrorCode>(
  (Object.keys(errorCodes) as ErrorCode[]).map((code) => [errorCodes[code].grpc, code]),
);

/** The code a `grpc-status` number stands for; a number outside the sixteen is `unknown`. */
export function codeOfGrpcStatus(status: number): ErrorCode {
  return byNumber.get(status) ?? 'unknown';
}

export interface ErrorOptions {
  readonly cause?: unknown;
  /** Narrows the code's default, for example when the connection was refused: nothing was sent. */
  readonly mayHaveExecuted?: boolean;
  readonly retryable?: boolean;
  /** True when the other side itself said so, in an answer; otherwise something on the way failed. */
  readonly answered?: boolean;
  /** When to come back, for `unavailable` and `resource_exhausted`. */
  readonly retryAfterMs?: number;
}

export class HoldfastError extends Error {
  override readonly name = 'HoldfastError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly mayHaveExecuted: boolean;
  readonly answered: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? errorCodes[code].retryable;
    this.mayHaveExecuted = options.mayHaveExecuted ?? errorCodes[code].mayHaveExecuted;
    this.answered = options.answered ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }

  get httpStatus(): number {
    return errorCodes[this.code].httpStatus;
  }

  get grpcStatus(): number {
    return errorCodes[this.code].grpc;
  }
}

/** What went wrong in one line: the message and those of its causes, outermost first. */
export function describeError(error: unknown): string {
  const parts: string[] = [];
  let current: unknown = error;
  for (let depth = 0; depth < 5 && current !== undefined && current !== null; depth++) {
    const text = current instanceof Error ? messageOf(current) : String(current);
    // Many a message ends with its cause's already.
    if (text !== '' && parts.at(-1)?.includes(text) !== true) parts.push(text);
    current = current instanceof Error ? current.cause : undefined;
  }
  return parts.map((part, index) => (index < parts.length - 1 ? part.replace(/\.$/, '') : part)).join(': ');
}

function messageOf(error: Error): string {
  // Node reports a failed connection to a name with several addresses as an AggregateError without text.
  if (error.message !== '') return error.message;
  if (error instanceof AggregateError) return error.errors.map((inner) => describeError(inner)).join(', ');
  return (error as NodeJS.ErrnoException).code ?? error.name;
}
