import type { HoldfastError } from '../../std/index.ts';
import type { Verdict } from '../core/events.ts';

/**
 * The codes with which an instance says that something is wrong with itself rather than with the request:
 * they count against it.
 */
const faultCodes = new Set(['unknown', 'internal', 'data_loss', 'deadline_exceeded']);

/** What an error that an instance answered says of it. */
export function verdictOf(error: HoldfastError): Verdict {
  // With these two it says that it did nothing.
  if (error.code === 'unavailable') return 'overloaded';
  if (error.code === 'resource_exhausted') return 'limited';
  return faultCodes.has(error.code) ? 'failed' : 'ok';
}
