import { limits } from '../limits.ts';
import { compareVersions, type MemberChange, type Opening, type VersionId } from './record.ts';

/** What a register was last set by: the higher rank decides, within a rank the higher version. */
export interface SetBy extends VersionId {
  readonly rank: number;
}

/**
 * An operator's word or a join always counts more than what a start brings about by itself. An opening says
 * which node is there; that it is a member the list of the first start says, where it is in it.
 */
const ranks = {
  presence: { opening: 0, list: 1, word: 2 },
  binding: { list: 0, opening: 1, word: 2 },
} as const;

export const highestRank = 2;

export interface Presence {
  readonly present: boolean;
  readonly by: SetBy;
}

/** Gives way to anything that was ever said. */
const unheardOf: Presence = { present: false, by: { rank: 0, stamp: 0, origin: '', sequence: 0 } };

export interface Binding {
  /**
   * Undefined: whoever comes from there has to join first, unless it was named in the first list. Of one
   * that is no member: the incarnation that was removed; the node, if it was let in at the same time.
   */
  readonly node: string | undefined;
  readonly by: SetBy;
}

export interface Member {
  readonly address: string;
  readonly presence: Presence;
  readonly binding: Binding;
}

/**
 * Who belongs to the store: replicated state that commutes. An address has two registers, whether it is a
 * member and which node speaks for it; each keeps the highest of what it was set to.
 */
export class Members {
  readonly #members = new Map<string, Member>();

  get(address: string): Member | undefined {
    return this.#members.get(address);
  }

  /** All that was ever heard of, members and former ones. */
  all(): IterableIterator<Member> {
    return this.#members.values();
  }

  /** Those that are members, in the order in which they joined. */
  present(): Member[] {
    return [...this.#members.values()].filter(isPresent).sort(inJoiningOrder);
  }

  has(address: string): boolean {
    const member = this.#members.get(address);
    return member !== undefined && isPresent(member);
  }

  /** Those that speak for an address. */
  boundNodes(): Set<string> {
    const bound = new Set<string>();
    for (const { binding } of this.#members.values())
      if (binding.node !== undefined) bound.add(binding.node);
    return bound;
  }

  /** Whether one more can be named: former ones are remembered as well. */
  hasRoomFor(address: string): boolean {
    if (!this.#members.has(address) && this.#members.size >= limits.addressesMax) return false;
    return this.present().length < limits.membersMax;
  }

  /** The list of the very first start: all of them members, each to be bound to the first that comes. */
  found(addresses: readonly string[]): void {
    addresses.forEach((address, index) => {
      this.#set(registers(address, true, undefined, 'list', { stamp: 0, origin: '', sequence: index + 1 }));
    });
  }

  change(change: MemberChange): void {
    const member = registers(change.address, change.present, change.who, 'word', change);
    this.#set(change.rebinds ? { ...member, presence: unheardOf } : member);
  }

  /** A node has started: it is known by the place it speaks from, which may have changed. */
  open(opening: Opening): void {
    const { address, leaves, node } = opening;
    this.#set(registers(address, true, node, leaves === undefined ? 'opening' : 'word', opening));
    if (leaves !== undefined) this.#set(registers(leaves, false, undefined, 'word', opening));
  }

  /** Takes over what another replica knows. */
  merge(member: Member): void {
    this.#set(member);
  }

  #set({ address, presence, binding }: Member): void {
    const known = this.#members.get(address);
    if (known === undefined) {
      this.#members.set(address, { address, presence, binding });
      return;
    }
    this.#members.set(address, {
      address,
      presence: later(presence, known.presence),
      binding: later(binding, known.binding),
    });
  }
}

export function compareSetBy(one: SetBy, two: SetBy): number {
  return one.rank - two.rank || compareVersions(one, two);
}

function later<R extends { readonly by: SetBy }>(one: R, two: R): R {
  return compareSetBy(one.by, two.by) > 0 ? one : two;
}

function registers(
  address: string,
  present: boolean,
  node: string | undefined,
  source: 'list' | 'opening' | 'word',
  { stamp, origin, sequence }: VersionId,
): Member {
  const version = { stamp, origin, sequence };
  return {
    address,
    presence: { present, by: { rank: ranks.presence[source], ...version } },
    binding: { node, by: { rank: ranks.binding[source], ...version } },
  };
}

/** Whether nobody has spoken for it yet since it was named in the list of the first start. */
export function isAwaited({ binding }: Member): boolean {
  return binding.node === undefined && binding.by.rank === ranks.binding.list;
}

/** Whether its place was given to it by a join or an operator's word, not by a list or a start. */
export function isFormal({ binding }: Member): boolean {
  return binding.by.rank === ranks.binding.word;
}

function isPresent({ presence }: Member): boolean {
  return presence.present;
}

function inJoiningOrder(one: Member, two: Member): number {
  return compareVersions(one.presence.by, two.presence.by);
}
