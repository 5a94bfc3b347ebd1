/**
 * Which of several connections between two processes is the link. One of the two decides, the one with the
 * smaller address (it is the arbiter), and numbers its decisions; the other follows the highest number. So
 * both keep the same one, whoever dialled and however the connections overtake each other.
 *
 * The arbiter must tell a peer that dialled at the same time (its connection is one too many) from one that
 * has lost the link and dials again (its connection is the better one, even if the old one still looks
 * alive from here). So the follower says which adoption it has seen last: when that is the present one, it
 * has lost it, because who has a link does not dial.
 *
 * Lives have no order: a connection of another session counts as of a newer life, because a peer that has
 * crashed and come back must not wait for its old connection to be noticed dead. So an older life at the
 * same address that still runs, or whose last words come late, takes the place of a newer one; that one
 * dials again and takes it back. That one life at a time has an address is up to who starts them.
 *
 * Invariant: of two connections with the same peer session, both sides prefer the one adopted later.
 */
export interface Adoption {
  /** The peer's session. */
  readonly session: string;
  /** Grows with each decision of the arbiter's process. */
  readonly number: number;
}

export function isArbiter(own: string, peer: string): boolean {
  return own < peer;
}

/** The arbiter's decision on a proven connection. `seen`: what the follower has seen last, 0 for nothing. */
export function adopts(
  present: Adoption | undefined,
  candidate: { session: string; seen: number },
): boolean {
  if (present === undefined || present.session !== candidate.session) return true;
  return candidate.seen >= present.number;
}

/** Whether the follower takes to a connection that the arbiter has adopted. */
export function follows(seen: Adoption | undefined, adopted: Adoption): boolean {
  return seen === undefined || seen.session !== adopted.session || adopted.number > seen.number;
}

/** What a follower tells this life of the arbiter that it has seen. */
export function seenOf(seen: Adoption | undefined, session: string): number {
  return seen?.session === session ? seen.number : 0;
}
