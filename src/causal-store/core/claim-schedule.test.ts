import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { claim, dots, encoded, id, opening, write } from '../testing/records.ts';
import { ClaimSchedule } from './claim-schedule.ts';
import { Ledger } from './ledger.ts';
import type { StoreRecord } from './record.ts';

const everyMs = limits.claimEveryMs;

/** A replica that has opened as a1, and what it is to claim. */
class Claiming {
  readonly ledger = new Ledger({ group: 0, append: () => {} });
  readonly schedule = new ClaimSchedule(this.ledger);
  #nowMs = 0;

  constructor() {
    this.ledger.begin({ node: id('1'), start: 1, origin: id('a'), address: 'x:1' }, ['x:1']);
    this.ledger.settle();
    this.ledger.settle();
    this.apply(opening('a1'));
    this.schedule.opened(this.ledger.state.applied, 0);
  }

  apply(record: StoreRecord): void {
    if (record.origin === id('a')) this.ledger.write(record);
    else this.ledger.take(encoded(record));
    this.ledger.settle();
    this.schedule.applied(record);
  }

  /** One period later: what is claimed, if anything. */
  next(): ReturnType<ClaimSchedule['due']> {
    this.#nowMs += everyMs;
    const due = this.schedule.due(this.#nowMs);
    if (due === undefined) return undefined;
    const sequence = this.ledger.ownSequence + 1;
    const head = { group: 0, origin: id('a'), sequence, stamp: sequence };
    const record = { ...head, kind: 'claim', ...due } as const;
    this.ledger.write(record);
    this.schedule.claimed(due);
    this.ledger.settle();
    this.schedule.applied(record);
    return due;
  }
}

describe('a replica claims', () => {
  it('what has come since its last claim, and no more than that', () => {
    const claiming = new Claiming();
    expect(claiming.next()).toBeUndefined();
    claiming.apply(write('b1'));
    claiming.apply(write('b2'));
    expect(claiming.next()).toEqual({ dependencies: dots('b2'), isEcho: false });
    claiming.apply(write('c1'));
    expect(claiming.next()).toEqual({ dependencies: dots('c1'), isEcho: false });
  });

  it('the claims of others as echoes, and echoes not at all', () => {
    const claiming = new Claiming();
    claiming.apply(claim('b1', 'a1'));
    expect(claiming.next()).toEqual({ dependencies: dots('b1'), isEcho: true });
    claiming.apply(claim('b2', 'a2', true));
    claiming.apply(claim('c1', 'a2', true));
    for (let period = 0; period < 10; period++) expect(claiming.next()).toBeUndefined();
  });

  it('after a write of its own that it stands there, echoes that once, and is silent', () => {
    const claiming = new Claiming();
    claiming.apply(write('a2'));
    expect(claiming.next()).toEqual({ dependencies: [], isEcho: false });
    expect(claiming.next()).toEqual({ dependencies: [], isEcho: true });
    for (let period = 0; period < 10; period++) expect(claiming.next()).toBeUndefined();
  });

  it('not before its time, and later when nothing could be written', () => {
    const claiming = new Claiming();
    claiming.apply(write('b1'));
    expect(claiming.schedule.due(everyMs - 1)).toBeUndefined();
    claiming.schedule.postpone(everyMs);
    expect(claiming.schedule.dueMs).toBe(2 * everyMs);
    expect(claiming.schedule.due(2 * everyMs - 1)).toBeUndefined();
    expect(claiming.schedule.due(2 * everyMs)).toBeDefined();
  });

  it('what came in a snapshot', () => {
    const claiming = new Claiming();
    claiming.schedule.leapt(1);
    expect(claiming.next()).toEqual({ dependencies: [], isEcho: false });
    claiming.schedule.leapt(0);
    expect(claiming.next()).toEqual({ dependencies: [], isEcho: true });
  });
});
