import type { Claims } from './claims.ts';
import type { Dot } from './record.ts';

/**
 * The token of a client that held `token` and has now seen the record at `seen`. An entry drops out only
 * when another entry's recorded dependencies dominate it: those of the record itself, or a claim of its
 * origin at or before it. Since an idle origin claims all it has applied now and then, a token keeps about
 * one entry for each replica, whatever the number of clients, keys and restarts.
 */
export function advance(
  claims: Claims,
  token: readonly Dot[],
  seen: Dot,
  dependencies: readonly Dot[],
): readonly Dot[] {
  if (token.length === 0) return [{ origin: seen.origin, sequence: seen.sequence }];
  for (const { origin, sequence } of token) {
    if (claims.covered(origin, sequence, seen.origin) >= seen.sequence) return token;
  }
  const kept: Dot[] = [{ origin: seen.origin, sequence: seen.sequence }];
  for (const dot of token) {
    if (claims.covered(seen.origin, seen.sequence, dot.origin) >= dot.sequence) continue;
    if (dependencies.some((each) => each.origin === dot.origin && each.sequence >= dot.sequence)) continue;
    kept.push(dot);
  }
  return kept;
}
