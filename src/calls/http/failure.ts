import { describeError, HoldfastError } from '../../std/index.ts';
import type { Instance } from '../discovery.ts';

/** undici's codes for a request that is at fault itself, wherever it goes. */
const requestFaults = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/** The request can be sent nowhere. */
export function requestFailure(cause: Error): HoldfastError {
  const text = `The request cannot be sent: ${cause.message.replace(/\.$/, '')}.`;
  return new HoldfastError('invalid_argument', text, { cause });
}

/** What undici or the socket reported, as an error of ours. `sent`: the request had begun to leave. */
export function transportFailure(cause: Error, instance: Instance, sent: boolean): HoldfastError {
  const where = `${instance.id} at ${instance.host}:${instance.port}`;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (requestFaults.has(code)) return requestFailure(cause);
  if (cause.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    const text = `${where} answered with something that is not HTTP.`;
    return new HoldfastError('internal', text, { cause, retryable: true });
  }
  if (!sent) {
    const text = `${where} cannot be reached (${describeError(cause)}).`;
    return new HoldfastError('unavailable', text, { cause, mayHaveExecuted: false });
  }
  if (code === 'UND_ERR_BODY_TIMEOUT') {
    const text = `${where} began its answer and then fell silent.`;
    return new HoldfastError('deadline_exceeded', text, { cause });
  }
  return new HoldfastError('unavailable', `${where} broke off before its answer was whole.`, { cause });
}
