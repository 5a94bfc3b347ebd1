import type { Greeting, Judgement, Verdict } from '../messages.ts';
import { compareSetBy, isAwaited, isFormal, type Member } from './members.ts';
import type { Identity } from './notes.ts';
import type { Peer } from './peer.ts';
import type { Dot } from './record.ts';
import type { State } from './state.ts';
import { coversDot, sequenceOf } from './vector.ts';

/**
 * Whether a replica that has greeted may be taken from. Only members may, and of those only nodes that
 * remember all they ever claimed: others may have been counted on for forgetting deletes that they no
 * longer know.
 */
export function judge(
  { state, group }: { readonly state: State; readonly group: number },
  { address, greeting, forgotten }: Peer,
  /** Whether somebody speaks from there now. */
  isThere: (address: string) => boolean,
): Judgement {
  if (greeting === undefined || greeting.group !== group) return 'foreign';
  const member = state.members.get(address);
  if (member === undefined || !member.presence.present) {
    if (member !== undefined && wasRemoved(state, member, greeting)) return 'fenced';
    if (!hasMoved(state, greeting, isThere)) return 'rejoin';
  } else {
    if (isAwaited(member)) return 'open';
    if (member.binding.node !== greeting.node) return 'rejoin';
  }
  return forgotten === undefined ? 'open' : 'restored';
}

/**
 * Who was removed stays out until it is named again, or started again: the incarnation that spoke then, or
 * the one that it became when it was let in at the same time.
 */
function wasRemoved(state: State, { binding }: Member, { node, origin }: Peer['greeting'] & {}): boolean {
  if (binding.node === origin) return true;
  return binding.node === node && (state.nodes.current(node) ?? origin) === origin;
}

/**
 * A member's disk that speaks from somewhere else, and nobody speaks from its place: its opening, which says
 * so, is on its way. It need not be let in anew; when all move at once there would be nobody to do that.
 */
function hasMoved(
  state: State,
  { node }: Peer['greeting'] & {},
  isThere: (at: string) => boolean,
): boolean {
  const from = state.members.present().find(({ binding }) => binding.node === node);
  return from !== undefined && !isThere(from.address);
}

/** Of its own claims, known here, one that it does not have when it greets. */
export function forgottenBy(state: State, greeting: Greeting): Dot | undefined {
  for (const { origin, node } of state.nodes.lives) {
    if (node !== greeting.node) continue;
    const sequence = state.claims.latest(origin);
    if (sequence > sequenceOf(greeting.applied, origin)) return { origin, sequence };
  }
  return undefined;
}

export function verdictOn(state: State, { address, judgement = 'foreign', forgotten }: Peer): Verdict {
  const member = state.members.get(address);
  return {
    judgement,
    forgotten: judgement === 'restored' ? forgotten : undefined,
    listed: state.members.has(address),
    presenceBy: member?.presence.by,
    bindingBy: member?.binding.by,
  };
}

/**
 * Whether what is said to be forgotten is: a claim may have come round by another way and be held against a
 * greeting that was sent before it. Who has the claim has, by causality, all that it claimed to have.
 */
export function isTrueOf(state: State, { forgotten }: Verdict): boolean {
  return forgotten === undefined || !coversDot(state.applied, forgotten);
}

/**
 * Whether one side knows the other as a member, and is itself unknown to it. Where nobody else is there, the
 * one that does not know was away while the other was let in, and cannot hear of it but by joining.
 */
export function isStrangeTo(ofOther: Judgement | undefined, byOther: Verdict | undefined): boolean {
  return ofOther === 'rejoin' && byOther?.judgement === 'open';
}

/**
 * Whether a verdict of `rejoin` is to be followed: not when it is the other one who is to be let in here,
 * nor when it comes from somebody who has just not heard yet that this replica was let in. Unless nobody
 * has, and waiting has not helped (`isLost`): whoever let it in may have lost its disk since.
 */
export function mustRejoin(
  state: State,
  own: Identity,
  other: string,
  verdict: Verdict,
  isLost: boolean,
): boolean {
  if (verdict.judgement === 'restored') return isTrueOf(state, verdict);
  if (verdict.judgement !== 'rejoin') return false;
  const mine = state.members.get(own.address);
  if (mine === undefined || !mine.presence.present) return true;
  // By all that is known here, too, somebody else speaks for the address, or nobody may.
  if (!isAwaited(mine) && mine.binding.node !== own.node) return true;
  if (isLost) return true;
  const theirs = state.members.get(other);
  const isInvited = theirs?.presence.present === true && !isAwaited(theirs);
  if (isInvited && !verdict.listed && verdict.presenceBy === undefined) return false;
  if (!isFormal(mine)) return true;
  return verdict.bindingBy !== undefined && compareSetBy(verdict.bindingBy, mine.binding.by) > 0;
}
