import { HoldfastError } from '../../std/index.ts';
import type { DiscoveryView } from '../discovery.ts';
import { limits } from '../limits.ts';
import type { Attempt } from './attempt.ts';
import type { Call } from './call.ts';
import type { Endpoint } from './endpoint.ts';

/** What a call fails with when it is not an attempt's own failure. */

export function nobody(service: string, view: DiscoveryView): HoldfastError {
  const text =
    view.status === 'unreachable'
      ? `${service} cannot be looked up: ${view.why}`
      : `No instance of ${service} is registered and ready.`;
  return new HoldfastError('unavailable', text, { mayHaveExecuted: false });
}

export function tooManyLookups(service: string): HoldfastError {
  const text = `Too many calls wait for ${service} to be looked up.`;
  return new HoldfastError('unavailable', text, {
    mayHaveExecuted: false,
    retryAfterMs: limits.tooBusyRetryAfterMs,
  });
}

/** Every instance has as many calls under way as it may have, and the queue is full or took too long. */
export function tooBusy(service: string, endpoints: readonly Endpoint[]): HoldfastError {
  const [only] = endpoints;
  const where =
    endpoints.length === 1 && only !== undefined
      ? `${service} at ${only.instance.host}:${only.instance.port} is too busy`
      : `All ${endpoints.length} instances of ${service} are too busy`;
  return new HoldfastError('unavailable', `${where}: too many calls are under way. Try again later.`, {
    mayHaveExecuted: false,
    retryAfterMs: limits.tooBusyRetryAfterMs,
  });
}

export function cancelled<Token>(call: Call<Token>, why: string): HoldfastError {
  return new HoldfastError('cancelled', why, { mayHaveExecuted: call.attempts > 0 });
}

export function pastDeadline<Token>(service: string, call: Call<Token>): HoldfastError {
  const allowedMs = Math.max(1, Math.round(call.deadlineMs - call.startedAtMs));
  const where = call.first === undefined ? service : placeOf(call.first.endpoint);
  return new HoldfastError('deadline_exceeded', `${where} did not answer within ${allowedMs} ms.`, {
    cause: call.lastError,
    mayHaveExecuted: call.attempts > 0,
  });
}

export function attemptTimedOut<Token>(attempt: Attempt<Token>, nowMs: number): HoldfastError {
  const waitedMs = Math.round(nowMs - attempt.sentAtMs);
  const text = `${placeOf(attempt.endpoint)} did not answer within ${waitedMs} ms.`;
  return new HoldfastError('deadline_exceeded', text, { cause: attempt.call.lastError });
}

/** The same, for a call of which an earlier attempt may have taken effect. */
export function perhapsExecuted(error: HoldfastError): HoldfastError {
  if (error.mayHaveExecuted) return error;
  const { code, message, retryable, answered, retryAfterMs } = error;
  const options = { cause: error, retryable, answered, mayHaveExecuted: true };
  return new HoldfastError(code, message, {
    ...options,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}

const placeOf = ({ instance: { id, host, port } }: Endpoint): string => `${id} at ${host}:${port}`;
