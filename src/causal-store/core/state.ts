import { Claims } from './claims.ts';
import { Members } from './members.ts';
import { Nodes } from './nodes.ts';
import type { Dot, StoreRecord } from './record.ts';
import { Table } from './table.ts';
import { raise } from './vector.ts';

/** What applying a record did to its key. */
export interface Applied {
  readonly existed: boolean;
}

const untouched: Applied = { existed: false };

/**
 * What a replica has applied: a function of the set of records alone, whatever the order they came in
 * within causality. Nothing in here knows of disks, peers or time.
 *
 * Invariants: what is applied is causally closed; equal vectors mean equal keys, values and members.
 */
export class State {
  readonly applied = new Map<string, number>();
  readonly table = new Table();
  readonly members = new Members();
  readonly nodes = new Nodes();
  readonly claims = new Claims();
  /** The highest stamp of any record. */
  stampMax = 0;

  covers(dot: Dot): boolean {
    return this.nodes.covers(this.applied, dot);
  }

  coversAll(dots: readonly Dot[]): boolean {
    for (const dot of dots) if (!this.covers(dot)) return false;
    return true;
  }

  apply(record: StoreRecord): Applied {
    raise(this.applied, record.origin, record.sequence);
    if (record.stamp > this.stampMax) this.stampMax = record.stamp;
    switch (record.kind) {
      case 'write':
        return this.table.apply(record);
      case 'claim':
        this.#claim(record);
        break;
      case 'opening':
        this.nodes.open(record);
        this.members.open(record);
        this.#claim(record);
        break;
      case 'member':
        this.members.change(record);
        this.forgetEnded();
        break;
    }
    return untouched;
  }

  #claim(record: Dot & Pick<StoreRecord, 'dependencies'>): void {
    this.claims.add(record, record.dependencies);
    this.forgetEnded();
  }

  /**
   * Of incarnations that have ended: what is of use only while they may claim more. A node that no address
   * is bound to any more, a wiped disk's or a removed one's, claims nothing before it has joined as another.
   */
  forgetEnded(): void {
    const bound = this.members.boundNodes();
    this.claims.forget((claimer) => {
      const node = this.nodes.nodeOf(claimer);
      return this.nodes.isOver(claimer) || (node !== undefined && !bound.has(node));
    });
  }

  /**
   * Works out again what every member has, and forgets what only had to be kept for those that had not.
   * Nothing is stable while a member is one that nobody speaks for.
   */
  settle(): boolean {
    const speakers: string[] = [];
    for (const { binding } of this.members.present()) {
      const origin = binding.node === undefined ? undefined : this.nodes.current(binding.node);
      if (origin === undefined) return false;
      speakers.push(origin);
    }
    for (const { presence, binding } of this.members.all()) {
      if (presence.present || this.#isClaimedByAll(presence.by, speakers)) continue;
      if (binding.node === undefined) return false;
      speakers.push(binding.node);
    }
    return this.claims.settle(speakers);
  }

  /**
   * Whether all of these have heard of a removal. Until then one of them may still take from who was removed
   * and pass on what that had: it counts like a member.
   */
  #isClaimedByAll({ origin, sequence }: Dot, speakers: readonly string[]): boolean {
    if (origin === '') return true;
    return speakers.every(
      (speaker) => this.claims.covered(speaker, this.claims.latest(speaker), origin) >= sequence,
    );
  }
}
