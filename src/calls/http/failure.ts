import { describeError, HoldfastError } from '../../std/index.ts';
import type { Instance } from '../discovery.ts';

/** What undici or the socket reported, as an error of ours. `sent`: the request had begun to leave. */
export function transportFailure(cause: Error, instance: Instance, sent: boolean): HoldfastError {
  const where = `${instance.id} at ${instance.host}:${instance.port}`;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    return new HoldfastError('invalid_argument', `The request cannot be sent: ${cause.message}.`, {
      cause,
    });
  }
  if (cause.name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW') {
    const text = `${where} answered with something that is not HTTP.`;
    return new HoldfastError('internal', text, { cause, retryable: true });
  }
  if (!sent) {
    const text = `${where} cannot be reached (${describeError(cause)}).`;
    return new HoldfastError('unavailable', text, { cause, mayHaveExecuted: false });
  }
  return new HoldfastError('unavailable', `${where} broke off before its answer was whole.`, { cause });
}
