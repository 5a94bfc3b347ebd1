import { type ByteReader, type ByteWriter, MalformedBytes } from '../bytes.ts';
import { readSetBy, writeSetBy } from '../messages.ts';
import { readDot, readMember, readVector, writeDot, writeVector } from '../wire.ts';
import type { Member, SetBy } from './members.ts';
import type { Dot } from './record.ts';
import type { State } from './state.ts';
import { raise, type Vector } from './vector.ts';

/** All of a state but its keys: what a snapshot ends with. */
export interface Header {
  readonly applied: Vector;
  readonly stable: Vector;
  readonly horizon: number;
  readonly stampMax: number;
  readonly members: readonly Member[];
  /** Of all stamps in it. */
  readonly highestStamp: number;
  /** Puts members, nodes and claims into a state, beside what it has. */
  mergeInto(state: State): void;
}

export function writeHeader(to: ByteWriter, state: State): void {
  writeVector(to, state.applied);
  writeVector(to, state.claims.stable);
  writeVector(to, state.claims.latestClaims);
  to.varint(state.table.horizon);
  to.varint(state.stampMax);
  writeList(to, [...state.members.all()], ({ address, presence, binding }) => {
    to.text(address);
    to.u8(presence.present ? 1 : 0);
    writeSetBy(to, presence.by);
    to.u8(binding.node === undefined ? 0 : 1);
    if (binding.node !== undefined) to.id(binding.node);
    writeSetBy(to, binding.by);
  });
  writeList(to, [...state.nodes.lives], (life) => {
    to.id(life.origin);
    to.id(life.node);
    to.varint(life.start);
    to.varint(life.stamp);
  });
  writeList(to, [...state.nodes.abandoned], ([origin, by]) => {
    to.id(origin);
    writeDot(to, by);
  });
  writeList(to, [...state.nodes.vouched], ([origin, { upTo, by }]) => {
    to.id(origin);
    to.varint(upTo);
    writeDot(to, by);
  });
  writeList(to, [...state.claims.entries()], ({ claimer, origin, steps }) => {
    to.id(claimer);
    to.id(origin);
    writeList(to, steps, ({ at, covers }) => {
      to.varint(at);
      to.varint(covers);
    });
  });
}

/** Throws `MalformedBytes`. */
export function readHeader(reader: ByteReader): Header {
  const applied = readVector(reader);
  const stable = readVector(reader);
  const latest = readVector(reader);
  const horizon = reader.varint();
  const stampMax = reader.varint();
  const members = readList(reader, () => ({
    address: readMember(reader),
    presence: { present: reader.u8() === 1, by: readSet(reader) },
    binding: { node: reader.u8() === 1 ? reader.id() : undefined, by: readSet(reader) },
  }));
  const lives = readList(reader, () => ({
    origin: reader.id(),
    node: reader.id(),
    start: reader.varint(),
    stamp: reader.varint(),
  }));
  const abandoned = readList(reader, (): readonly [string, Dot] => [reader.id(), readDot(reader)]);
  const vouched = readList(reader, () => ({
    origin: reader.id(),
    upTo: reader.varint(),
    by: readDot(reader),
  }));
  const claims = readList(reader, () => ({
    claimer: reader.id(),
    origin: reader.id(),
    steps: readList(reader, () => ({ at: reader.varint(), covers: reader.varint() })),
  }));
  const stamps = [
    ...members.flatMap(({ presence, binding }) => [presence.by.stamp, binding.by.stamp]),
    ...lives.map(({ stamp }) => stamp),
  ];
  return {
    applied,
    members,
    highestStamp: stamps.reduce((most, stamp) => Math.max(most, stamp), Math.max(stampMax, horizon)),
    stable,
    horizon,
    stampMax,
    mergeInto: (state) => {
      for (const [origin, sequence] of applied) raise(state.applied, origin, sequence);
      for (const member of members) state.members.merge(member);
      for (const life of lives) state.nodes.addLife(life);
      for (const [origin, by] of abandoned) state.nodes.abandon(origin, by);
      for (const { origin, upTo, by } of vouched) state.nodes.vouch(origin, { upTo, by });
      for (const { claimer, origin, steps } of claims) {
        for (const { at, covers } of steps) {
          state.claims.add({ origin: claimer, sequence: at }, [{ origin, sequence: covers }]);
        }
      }
      state.claims.restore(stable, latest);
      state.forgetEnded();
      state.table.horizon = Math.max(state.table.horizon, horizon);
      state.stampMax = Math.max(state.stampMax, stampMax);
    },
  };
}

function writeList<T>(to: ByteWriter, items: readonly T[], write: (item: T) => void): void {
  to.varint(items.length);
  for (const item of items) write(item);
}

function readList<T>(reader: ByteReader, read: () => T): T[] {
  const count = reader.count(2);
  const items: T[] = [];
  for (let index = 0; index < count; index++) items.push(read());
  return items;
}

function readSet(reader: ByteReader): SetBy {
  const by = readSetBy(reader);
  if (by === undefined) throw new MalformedBytes('A register was set by nobody.');
  return by;
}
