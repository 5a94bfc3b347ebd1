import type { HoldfastError } from '../../std/index.ts';

/**
 * The codes with which an instance says that something is wrong with itself rather than with the request:
 * they count against it.
 */
const faultCodes = new Set(['unknown', 'internal', 'data_loss', 'deadline_exceeded']);

/** What an error that an instance answered says of it. */
export function verdictOf(error: HoldfastError): 'ok' | 'failed' | 'overloaded' {
  // With these it says that it did nothing.
  if (error.code === 'unavailable' || error.code === 'resource_exhausted') return 'overloaded';
  return faultCodes.has(error.code) ? 'failed' : 'ok';
}
