import type { IncomingHttpHeaders } from 'node:http';
import { HoldfastError } from 'holdfast/std';
import { fieldOf, type StoreBody } from './body.ts';
import { limits } from './limits.ts';

/** What requests say of keys, metadata and copies; what cannot be right throws `invalid_argument`. */

/** The key of a path, decoded already. */
export function checkKey(key: string): string {
  if (key === '') throw new HoldfastError('invalid_argument', 'Key is empty');
  if (isTooLong(key)) throw new HoldfastError('invalid_argument', 'Key is too long');
  return key;
}

function isTooLong(key: string): boolean {
  const most = limits.keyCharactersMax;
  // A code point has one or two code units.
  if (key.length <= most) return false;
  return key.length > 2 * most || [...key].length > most;
}

/** No token of a store has such a character: it is covered by none. */
const notOurs = '?';

/** The metadata the client got last; the empty text for none. The body's counts more than the header's. */
export function tokenIn(body: StoreBody | undefined, headers: IncomingHttpHeaders): string {
  const given = fieldOf(body, 'causal-metadata') ?? headers['causal-metadata'] ?? '';
  return typeof given === 'string' ? given : notOurs;
}

/** On how many disks a write must be before it is confirmed. */
export function copiesOf(
  body: StoreBody | undefined,
  headers: IncomingHttpHeaders,
  members: number,
): number | undefined {
  const given = fieldOf(body, 'copies') ?? headers.copies;
  if (given === undefined) return undefined;
  const copies = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : given;
  if (Number.isInteger(copies) && (copies as number) >= 1 && (copies as number) <= members) {
    return copies as number;
  }
  throw new HoldfastError(
    'invalid_argument',
    `copies must be a whole number from 1 to ${members}, the number of replicas`,
  );
}
