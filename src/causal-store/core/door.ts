import type { Greeting, Judgement, Verdict } from '../messages.ts';
import { compareSetBy, isAwaited, isFormal, type Member } from './members.ts';
import type { Identity } from './notes.ts';
import type { Peer } from './peer.ts';
import type { State } from './state.ts';
import { sequenceOf } from './vector.ts';

/**
 * Whether a replica that has greeted may be taken from. Only members may, and of those only nodes that
 * remember all they ever claimed: others may have been counted on for forgetting deletes that they no
 * longer know.
 */
export function judge(
  { state, group }: { readonly state: State; readonly group: number },
  { address, greeting, hasForgotten }: Peer,
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
  return hasForgotten ? 'restored' : 'open';
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

/** Whether it greets with less than its own claims, known here, say that it had. */
export function hasForgotten(state: State, greeting: Greeting): boolean {
  for (const { origin, node } of state.nodes.lives) {
    if (node !== greeting.node) continue;
    if (state.claims.latest(origin) > sequenceOf(greeting.applied, origin)) return true;
  }
  return false;
}

export function verdictOn(state: State, address: string, judgement: Judgement): Verdict {
  const member = state.members.get(address);
  return {
    judgement,
    listed: state.members.has(address),
    presenceBy: member?.presence.by,
    bindingBy: member?.binding.by,
  };
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
  if (verdict.judgement === 'restored') return true;
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
