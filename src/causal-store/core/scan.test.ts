import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import { limits } from '../limits.ts';
import { claim, encoded, id, member, opening, vector, write } from '../testing/records.ts';
import { forSeeds } from '../testing/seeds.ts';
import { emptyStage, Scan, type Staged, stageChunk } from './scan.ts';
import { State } from './state.ts';

function staged(scan: Scan, between: () => void = () => {}): Staged {
  const stage = emptyStage();
  for (;;) {
    const chunk = scan.next();
    if (chunk === undefined) return stage;
    stageChunk(stage, chunk);
    if (stage.header === undefined) between();
  }
}

function stateFrom({ writes, header }: Staged): State {
  const state = new State();
  for (const each of writes) state.table.apply(each);
  header?.mergeInto(state);
  return state;
}

function keysOf(state: State): string {
  const lines = [...state.table.writes()].map((each) =>
    JSON.stringify(Object.entries({ ...each, dependencies: [] }).toSorted()),
  );
  return lines.sort().join('\n');
}

/** State by state: all that equal vectors promise. */
function expectEqual(one: State, two: State): void {
  expect(one.applied).toEqual(two.applied);
  expect(keysOf(one) === keysOf(two)).toBe(true);
  expect(one.members.present()).toEqual(two.members.present());
  expect([...one.nodes.lives]).toEqual([...two.nodes.lives]);
  expect([...one.nodes.abandoned]).toEqual([...two.nodes.abandoned]);
  expect([...one.claims.entries()]).toEqual([...two.claims.entries()]);
  expect(one.claims.stable).toEqual(two.claims.stable);
  expect([one.stampMax, one.table.horizon]).toEqual([two.stampMax, two.table.horizon]);
}

/** Of several turns: more keys than one turn reads. */
function largeState(): State {
  const state = new State();
  state.members.found(['x:1', 'y:1']);
  state.apply(opening('a1', { address: 'x:1', abandons: [id('9')] }));
  state.apply(member('a2', { address: 'z:1', present: true, who: id('c') }));
  state.apply(claim('b1', 'a2'));
  for (let sequence = 3; sequence < limits.scanEntriesPerTurn * 2.5; sequence++) {
    state.apply(write(`a${sequence}`, { key: `k${sequence}` }));
  }
  return state;
}

function changeSomewhere(state: State, prng: Prng): void {
  const sequence = (state.applied.get(id('a')) ?? 0) + 1;
  const key = `k${prng.below(limits.scanEntriesPerTurn * 3)}`;
  state.apply(write(`a${sequence}`, { key, value: prng.chance(0.3) ? undefined : 'changed' }));
}

describe('a scan', () => {
  it('gives a state that is equal to the one at its end, whatever changes meanwhile', () => {
    forSeeds(10, (prng) => {
      const state = largeState();
      const copy = stateFrom(
        staged(new Scan(state), () => {
          for (let count = prng.below(300); count > 0; count--) changeSomewhere(state, prng);
        }),
      );
      expectEqual(copy, state);
    });
  });

  it('reads again what changes faster than the rest can be sent in one go', () => {
    forSeeds(3, (prng) => {
      const state = largeState();
      let rounds = 0;
      const copy = stateFrom(
        staged(new Scan(state), () => {
          const changes = rounds++ < 5 ? limits.scanRestMax * 2 : 10;
          for (let count = changes; count > 0; count--) changeSomewhere(state, prng);
        }),
      );
      expect(rounds).toBeGreaterThan(5);
      expectEqual(copy, state);
    });
  });

  it('sends somebody with a vector what lies beyond it, and all that is no key', () => {
    const state = new State();
    for (const word of ['a1', 'a2', 'b1']) state.apply(write(word, { key: word }));
    const { writes, header } = staged(new Scan(state, { beyond: vector('a1') }));
    expect(writes.map(({ key }) => key)).toEqual(['a2', 'b1']);
    expect(header?.applied).toEqual(vector('a2 b1'));
  });

  it('leaves out the dependencies of what everybody has', () => {
    const state = new State();
    state.apply(write('a1', { key: 'old', after: 'b7' }));
    state.apply(write('a2', { key: 'new', after: 'b8' }));
    state.claims.restore(vector('a1'));
    const { writes } = staged(new Scan(state));
    expect(writes.map(({ key, dependencies }) => [key, dependencies.length])).toEqual([
      ['old', 0],
      ['new', 1],
    ]);
  });

  it('ends with what is accepted and not durable, when it takes the place of a journal', () => {
    const tail = [encoded(write('a1')), encoded(write('b1', { after: 'a1' }))];
    const stage = staged(new Scan(new State(), { tail: () => tail }));
    expect(stage.tail.map(({ record }) => record)).toEqual(tail.map(({ record }) => record));
  });

  it('sends an end that is too long for one chunk in pieces, all of one moment', () => {
    const state = new State();
    for (let node = 1; node <= 60_000; node++) {
      const name = node.toString(16).padStart(16, '0');
      state.nodes.addLife({ origin: name, node: name, start: 1, stamp: node });
    }
    state.apply(write('a1'));
    const stage = emptyStage();
    const scan = new Scan(state);
    let chunks = 0;
    for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) {
      expect(chunk.byteLength).toBeLessThanOrEqual(limits.snapshotPieceBytes + limits.snapshotChunkBytes);
      expect(stage.header).toBeUndefined();
      stageChunk(stage, chunk);
      // Comes too late.
      if (chunks++ === 0) state.apply(write('a2'));
    }
    expect(chunks).toBeGreaterThan(1);
    const copy = stateFrom(stage);
    expect(copy.applied).toEqual(vector('a1'));
    expect([...copy.nodes.lives].length).toBe(60_000);
  });

  it('keeps its chunks short, however large the values are that change meanwhile', () => {
    const state = new State();
    const change = (key: string, value: string): void => {
      const sequence = (state.applied.get(id('a')) ?? 0) + 1;
      state.apply(write(`a${sequence}`, { key, value }));
    };
    // Three bytes a character: as large as a value can be, behind small ones that fill most of a chunk.
    const largest = '€'.repeat(limits.valueCharactersMax);
    const changeAll = (): void => {
      for (let n = 0; n < 1_000; n++) change(`small ${n}`, 'x'.repeat(limits.snapshotPieceBytes / 1_100));
      for (let n = 0; n < 5; n++) change(`large ${n}`.padEnd(limits.keyCharactersMax, '€'), largest);
    };
    changeAll();
    const stage = emptyStage();
    const scan = new Scan(state, { buffers: { ...limits, scanEntriesPerTurn: 100 } });
    let turns = 0;
    for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) {
      expect(chunk.byteLength).toBeLessThanOrEqual(limits.snapshotChunkBytesMax);
      stageChunk(stage, chunk);
      if (turns++ < 20) changeAll();
    }
    expectEqual(stateFrom(stage), state);
  });

  it('is over when nobody wants the rest', () => {
    const state = largeState();
    const scan = new Scan(state);
    scan.next();
    scan.close();
    expect(scan.next()).toBeUndefined();
  });
});

describe('a stage', () => {
  it.each([
    ['an unknown chunk', () => Buffer.from('02', 'hex')],
    ['records that are no writes', () => chunkWith(encoded(claim('a1', 'b1')).bytes)],
    ['nothing at all', () => Buffer.alloc(0)],
  ])('refuses %s', (_, chunk) => {
    expect(() => stageChunk(emptyStage(), chunk())).toThrow(MalformedBytes);
  });

  it.each([
    ['a write of another group', write('a1', { group: 1 }), 'another group'],
    ['a write that lies too far ahead', write('a1', { stamp: 101 }), 'too far ahead'],
    [
      'a member that lies too far ahead',
      member('a1', { address: 'x:1', present: true, stamp: 101 }),
      'too far',
    ],
    ['an incarnation that lies too far ahead', opening('a1', { stamp: 101 }), 'too far'],
  ] as const)('refuses of somebody else %s', (_, record, why) => {
    const state = new State();
    state.apply(record);
    state.stampMax = 0;
    const chunk = new Scan(state).next() ?? Buffer.alloc(0);
    expect(() => stageChunk(emptyStage(), chunk)).not.toThrow();
    expect(() => stageChunk(emptyStage(), chunk, { group: 0, stampMax: 100 })).toThrow(why);
  });

  it('refuses an end that does not end', () => {
    const stage = emptyStage();
    const piece = Buffer.concat([Buffer.from([1, 0, 3]), Buffer.alloc(7 * 1024 * 1024)]);
    const pieces = Math.ceil(limits.snapshotEndBytesMax / (piece.byteLength - 3));
    for (let count = 1; count < pieces; count++) stageChunk(stage, piece);
    expect(() => stageChunk(stage, piece)).toThrow('too long');
  });

  it('refuses what comes behind its end', () => {
    const stage = staged(new Scan(new State()));
    const more = new Scan(new State()).next() ?? Buffer.alloc(0);
    expect(() => stageChunk(stage, more)).toThrow(MalformedBytes);
  });
});

function chunkWith(record: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([1, record.byteLength]), record]);
}
