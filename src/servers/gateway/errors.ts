import { HoldfastError } from '../../std/index.ts';

/** An answer that cannot be passed on: status 502 (RFC 9110, 15.6.3), with the code of what is wrong. */
class BadGateway extends HoldfastError {
  override get httpStatus(): number {
    return 502;
  }
}

/**
 * What a failed call is to the gateway's client. The gateway's own bound on an answer is not the client's
 * fault, and what is no HTTP is not the gateway's.
 */
export function asGatewayError(error: unknown): unknown {
  if (!(error instanceof HoldfastError) || error.answered) return error;
  const isBadAnswer = error.code === 'resource_exhausted' || error.code === 'internal';
  return isBadAnswer ? new BadGateway(error.code, error.message, { cause: error.cause }) : error;
}
