import { readAddress } from '../std/index.ts';
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts';
import type { Dot, Encoded, StoreRecord, VersionId, Write } from './core/record.ts';
import type { Vector } from './core/vector.ts';
import { limits } from './limits.ts';

/**
 * The form of records on the network and in the journal. A record is
 * `kind group origin sequence stamp dependencies body`; numbers are LEB128, texts UTF-8 with their length,
 * origins and nodes 8 bytes. Version 1; a change needs a new version and a way to read the old.
 */
export const wireVersion = 1;

const kinds = {
  put: 1,
  delete: 2,
  claim: 3,
  opening: 4,
  member: 5,
  putAgain: 6,
  deleteAgain: 7,
  echo: 8,
} as const;

const kept = new ByteWriter(64 * 1024);

/** By default for a record that is kept. */
export function encodeRecord(record: StoreRecord, writer: ByteWriter = kept): Uint8Array {
  writer.u8(kindOf(record));
  writer.varint(record.group);
  writeDot(writer, record);
  writer.varint(record.stamp);
  writeDots(writer, record.dependencies);
  writeBody(writer, record);
  return writer.take();
}

function kindOf(record: StoreRecord): number {
  if (record.kind === 'claim') return record.isEcho ? kinds.echo : kinds.claim;
  if (record.kind !== 'write') return kinds[record.kind];
  if (record.first === undefined) return record.value === undefined ? kinds.delete : kinds.put;
  return record.value === undefined ? kinds.deleteAgain : kinds.putAgain;
}

function writeBody(writer: ByteWriter, record: StoreRecord): void {
  if (record.kind === 'write') {
    if (record.first !== undefined) writeVersion(writer, record.first);
    writer.text(record.key);
    if (record.value !== undefined) writer.text(record.value);
  } else if (record.kind === 'opening') {
    writer.id(record.node);
    writer.varint(record.start);
    writer.text(record.address);
    writer.u8(record.leaves === undefined ? 0 : 1);
    if (record.leaves !== undefined) writer.text(record.leaves);
    writer.varint(record.abandons.length);
    for (const origin of record.abandons) writer.id(origin);
    writeDots(writer, record.vouches);
    writer.varint(record.handsIn);
  } else if (record.kind === 'member') {
    writer.text(record.address);
    const { present, who, rebinds } = record;
    writer.u8((present ? 1 : 0) | (who === undefined ? 0 : 2) | (rebinds ? 4 : 0));
    if (record.who !== undefined) writer.id(record.who);
  }
}

/** Throws `MalformedBytes`. */
export function decodeRecord(bytes: Uint8Array): Encoded {
  if (bytes.byteLength > limits.recordBytesMax)
    throw new MalformedBytes('A record is longer than any can be.');
  const reader = new ByteReader(bytes);
  const record = readRecord(reader);
  reader.end();
  if (record.kind === 'opening' && record.sequence + record.handsIn > limits.sequenceMax) {
    throw new MalformedBytes('An opening hands in more than a stream can hold.');
  }
  if (record.kind === 'write' && isTooLarge(record)) {
    throw new MalformedBytes('A key or a value is longer than any can be.');
  }
  return { record, bytes };
}

function isTooLarge({ key, value = '' }: Write): boolean {
  return key.length > limits.keyCharactersMax || value.length > limits.valueCharactersMax;
}

function readRecord(reader: ByteReader): StoreRecord {
  const kind = reader.u8();
  const group = reader.varint();
  const { origin, sequence } = readDot(reader);
  const stamp = reader.varint();
  const dependencies = readDots(reader);
  // Nearly all are of these two kinds: they are made in one go.
  if (kind === kinds.put || kind === kinds.delete) {
    const key = reader.text();
    const value = kind === kinds.put ? reader.text() : undefined;
    return { kind: 'write', group, origin, sequence, stamp, dependencies, first: undefined, key, value };
  }
  const head = { group, origin, sequence, stamp, dependencies };
  switch (kind) {
    case kinds.putAgain: {
      const first = readFirst(reader, stamp);
      return { ...head, kind: 'write', first, key: reader.text(), value: reader.text() };
    }
    case kinds.deleteAgain: {
      const first = readFirst(reader, stamp);
      return { ...head, kind: 'write', first, key: reader.text(), value: undefined };
    }
    case kinds.claim:
    case kinds.echo:
      return { ...head, kind: 'claim', isEcho: kind === kinds.echo };
    case kinds.opening:
      return {
        ...head,
        kind: 'opening',
        node: reader.id(),
        start: reader.varint(),
        address: readMember(reader),
        leaves: reader.u8() === 1 ? readMember(reader) : undefined,
        abandons: Array.from({ length: reader.count(8) }, () => reader.id()),
        vouches: readDots(reader),
        handsIn: readSequence(reader),
      };
    case kinds.member: {
      const address = readMember(reader);
      const flags = reader.u8();
      if (flags > 7) throw new MalformedBytes('A member change has unknown flags.');
      const who = (flags & 2) === 0 ? undefined : reader.id();
      const [present, rebinds] = [(flags & 1) === 1, (flags & 4) === 4];
      if (rebinds && !(present && who !== undefined)) {
        throw new MalformedBytes('Who speaks for a member changes to nobody.');
      }
      return { ...head, kind: 'member', address, present, who, rebinds };
    }
    default:
      throw new MalformedBytes(`A record of kind ${kind} is unknown.`);
  }
}

/** What is handed in again was written earlier. */
function readFirst(reader: ByteReader, stamp: number): VersionId {
  const first = readVersion(reader);
  if (first.stamp > stamp) throw new MalformedBytes('A write is handed in before it was written.');
  return first;
}

export function writeDot(to: ByteWriter, { origin, sequence }: Dot): void {
  to.id(origin);
  to.varint(sequence);
}

/** Whatever else stood for a member could never be dialled. */
export function readMember(reader: ByteReader): string {
  const address = reader.text();
  if (readAddress(address) !== undefined) return address;
  throw new MalformedBytes('A member has no address.');
}

/** Beyond what any stream comes to: room is left to count on from it. */
function readSequence(reader: ByteReader): number {
  const sequence = reader.varint();
  if (sequence > limits.sequenceMax) throw new MalformedBytes('A sequence is higher than any can be.');
  return sequence;
}

export function readDot(reader: ByteReader): Dot {
  const origin = reader.id();
  const sequence = readSequence(reader);
  if (sequence === 0) throw new MalformedBytes('A dot has a sequence from 1.');
  return { origin, sequence };
}

const noDots: readonly Dot[] = [];

export function writeDots(to: ByteWriter, dots: readonly Dot[]): void {
  to.varint(dots.length);
  for (const dot of dots) writeDot(to, dot);
}

export function readDots(reader: ByteReader): readonly Dot[] {
  const count = reader.count(9);
  if (count === 0) return noDots;
  const dots: Dot[] = [];
  for (let index = 0; index < count; index++) dots.push(readDot(reader));
  return dots;
}

export function writeVersion(to: ByteWriter, version: VersionId): void {
  to.varint(version.stamp);
  writeDot(to, version);
}

export function readVersion(reader: ByteReader): VersionId {
  const stamp = reader.varint();
  return { stamp, ...readDot(reader) };
}

export function writeVector(to: ByteWriter, vector: Vector): void {
  to.varint(vector.size);
  for (const [origin, sequence] of vector) {
    to.id(origin);
    to.varint(sequence);
  }
}

export function readVector(reader: ByteReader): Map<string, number> {
  const vector = new Map<string, number>();
  const count = reader.count(9);
  if (count > limits.originsMax) throw new MalformedBytes('A vector is longer than any can be.');
  for (let index = 0; index < count; index++) vector.set(reader.id(), readSequence(reader));
  return vector;
}
