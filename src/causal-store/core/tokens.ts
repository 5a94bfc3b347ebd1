import type { Claims } from './claims.ts';
import type { Dot } from './record.ts';
import { sequenceOf } from './vector.ts';

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

/**
 * The same for less: of the entries, those which a claim of `claimer` dominates give way to that claim, if
 * every member has it, so that it has to be waited for nowhere. It keeps the token of a client short that
 * reads what many incarnations wrote that have ended, or comes back after a long time.
 */
export function gather(claims: Claims, claimer: string, token: readonly Dot[]): readonly Dot[] {
  if (token.length <= 1) return token;
  const atMost = sequenceOf(claims.stable, claimer);
  const kept: Dot[] = [];
  let at = 0;
  for (const dot of token) {
    const claim = dot.origin === claimer ? undefined : claims.claimOf(claimer, dot, atMost);
    if (claim === undefined) kept.push(dot);
    else at = Math.max(at, claim);
  }
  if (at === 0) return token;
  const own = kept.find(({ origin }) => origin === claimer);
  if (own !== undefined && own.sequence >= at) return kept;
  const gathered = [{ origin: claimer, sequence: at }, ...kept.filter(({ origin }) => origin !== claimer)];
  return gathered.length < token.length ? gathered : token;
}
