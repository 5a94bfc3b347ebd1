import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { dots, encoded, id, opening, vector, write } from '../testing/records.ts';
import { forSeeds, pick } from '../testing/seeds.ts';
import { Ledger } from './ledger.ts';
import { Scan } from './scan.ts';
import { State } from './state.ts';

const identity = { node: id('1'), start: 1, origin: id('a'), address: 'x:1' };

/** All that a state promises to be a function of what was applied. */
function described(state: State): unknown {
  const writes = [...state.table.writes()].map(({ key, value, origin, sequence }) => [
    key,
    value,
    origin,
    sequence,
  ]);
  return {
    applied: [...state.applied].sort(),
    writes: writes.sort(),
    members: state.members.present().map(({ address, binding }) => [address, binding.node]),
    lives: [...state.nodes.lives].map(({ origin }) => origin).sort(),
    abandoned: [...state.nodes.abandoned].map(([origin]) => origin).sort(),
  };
}

/** A ledger, its journal, and what its state was after each entry that became durable. */
class Lived {
  readonly journal: Uint8Array[] = [];
  readonly states: unknown[] = [];
  readonly ledger = new Ledger({ group: 0, append: (bytes) => this.journal.push(bytes) });

  constructor() {
    this.ledger.begin(identity, ['x:1', 'y:1']);
    this.states.push(described(this.ledger.state));
    this.settle();
    this.ledger.write(opening('a1', { node: id('1'), address: 'x:1' }));
    this.settle();
  }

  settle(): void {
    while (this.states.length <= this.journal.length) {
      this.ledger.settle();
      this.states.push(described(this.ledger.state));
    }
  }

  /** A random thing happens. */
  step(prng: Prng, sequences: Map<string, number>): void {
    const letter = pick(prng, ['a', 'b', 'c']);
    const sequence = (sequences.get(letter) ?? (letter === 'a' ? 1 : 0)) + 1;
    sequences.set(letter, sequence);
    const value = prng.chance(0.3) ? undefined : `${letter}${sequence}`;
    const record = write(`${letter}${sequence}`, {
      key: `k${prng.below(4)}`,
      stamp: prng.below(50),
      value,
    });
    if (letter === 'a') this.ledger.write(record);
    else this.ledger.take(encoded(record));
    this.settle();
  }

  stage(chunks: readonly Uint8Array[]): void {
    this.ledger.beginStage();
    for (const chunk of chunks) this.ledger.stage(chunk, Number.MAX_SAFE_INTEGER);
    this.settle();
  }
}

function replayed(journal: readonly Uint8Array[]): Ledger {
  const ledger = new Ledger({ group: 0, append: () => {} });
  for (const bytes of journal) ledger.replay(bytes);
  ledger.recovered();
  return ledger;
}

function chunksOf(state: State): Uint8Array[] {
  const scan = new Scan(state);
  const chunks: Uint8Array[] = [];
  for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) chunks.push(chunk);
  return chunks;
}

function stateOfOthers(): State {
  const state = new State();
  state.members.found(['x:1', 'y:1']);
  state.apply(opening('d1', { node: id('4'), address: 'y:1' }));
  state.apply(write('d2', { key: 'k9', stamp: 3 }));
  return state;
}

/** Each prefix of a journal, replayed, is the state that was there when it was durable. */
function expectPrefixesToAgree(lived: Lived): void {
  for (let length = 2; length <= lived.journal.length; length++) {
    const { state } = replayed(lived.journal.slice(0, length));
    expect(described(state), `the first ${length} entries`).toEqual(lived.states[length]);
  }
}

describe('a journal, replayed up to any entry, gives the state of that moment', () => {
  it('with records of its own and of others', () => {
    forSeeds(20, (prng) => {
      const lived = new Lived();
      const sequences = new Map<string, number>();
      for (let count = 0; count < 25; count++) lived.step(prng, sequences);
      expectPrefixesToAgree(lived);
      const again = replayed(lived.journal);
      expect(again.identity).toMatchObject(identity);
      expect(again.nextStamp(0)).toBe(lived.ledger.nextStamp(0));
    });
  });

  it('with a snapshot on its way in that is published, and one that is not', () => {
    forSeeds(10, (prng) => {
      const lived = new Lived();
      const sequences = new Map<string, number>();
      lived.step(prng, sequences);
      lived.stage(chunksOf(stateOfOthers()));
      lived.step(prng, sequences);
      lived.ledger.abandonStage();
      lived.stage(chunksOf(stateOfOthers()));
      lived.ledger.publish(undefined);
      lived.settle();
      lived.step(prng, sequences);
      expectPrefixesToAgree(lived);
      expect(lived.ledger.state.covers({ origin: id('d'), sequence: 2 })).toBe(true);
    });
  });

  it('with a return under another identity, quarantine included', () => {
    const lived = new Lived();
    lived.ledger.write(write('a2', { key: 'mine', stamp: 20 }));
    lived.ledger.write(write('a3', { key: 'old', stamp: 2 }));
    lived.settle();
    const others = stateOfOthers();
    others.table.horizon = 10;
    lived.stage(chunksOf(others));
    const becomes = { node: id('2'), start: 1, origin: id('f'), address: 'x:1' };
    const rejoins = { ...becomes, stamp: 99, leaves: 'o:1' };
    lived.ledger.publish(rejoins);
    lived.settle();
    lived.ledger.write(write('f3', { key: 'later', stamp: 200 }));
    lived.settle();
    expectPrefixesToAgree(lived);
    const again = replayed(lived.journal);
    expect(again.own).toMatchObject({ node: id('2'), origin: id('f') });
    expect(again.quarantines.map(({ origin, writes }) => [origin, writes.map(({ key }) => key)])).toEqual([
      [id('f'), ['old']],
    ]);
    expect(again.state.table.get('mine')?.value).toBe('"a2"');
  });
});

it('begins with a snapshot that was made while it went on', () => {
  const lived = new Lived();
  lived.ledger.write(write('a2', { key: 'k1' }));
  lived.settle();
  // Made now; what is accepted and not durable yet is at its end, and the journal goes on behind it.
  lived.ledger.write(write('a3', { key: 'k2' }));
  const { intake, state } = lived.ledger;
  const scan = new Scan(state, { tail: () => intake.waiting() });
  const snapshot = [lived.ledger.identityNote(), scan.next() ?? Buffer.alloc(0)];
  lived.settle();
  lived.ledger.write(write('a4', { key: 'k3' }));
  lived.settle();
  const again = new Ledger({ group: 0, append: () => {} });
  for (const chunk of snapshot) again.replaySnapshot(chunk);
  for (const bytes of lived.journal.slice(-1)) again.replay(bytes);
  again.recovered();
  expect(described(again.state)).toEqual(described(lived.ledger.state));
  expect(again.own).toMatchObject(identity);
});

it('gives stamps above all it has accepted, and never below the clock', () => {
  const { ledger } = new Lived();
  ledger.take(encoded(write('b1', { stamp: 5_000_000 })));
  expect(ledger.nextStamp(1)).toBe(5_000_001);
  expect(ledger.nextStamp(10_000)).toBe(10_240_000);
  expect(ledger.intake.accepted).toEqual(vector('a1 b1'));
  expect(ledger.state.coversAll(dots('b1'))).toBe(false);
});

it('refuses a snapshot that has more of this replica than it ever wrote, and goes on as before', () => {
  const lived = new Lived();
  const liar = stateOfOthers();
  for (let sequence = 1; sequence <= 7; sequence++) liar.apply(write(`a${sequence}`, { key: 'lie' }));
  lived.ledger.beginStage();
  const stage = (): void => {
    for (const chunk of chunksOf(liar)) lived.ledger.stage(chunk, Number.MAX_SAFE_INTEGER);
  };
  expect(stage).toThrow('more of this replica than it ever wrote');
  lived.ledger.abandonStage();
  lived.settle();
  lived.ledger.write(write('a2', { key: 'k' }));
  lived.settle();
  expect(lived.ledger.state.applied).toEqual(vector('a2'));
  expect(lived.ledger.state.table.get('lie')).toBeUndefined();
});
