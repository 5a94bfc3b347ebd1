import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts';
import { highestRank, type SetBy } from './core/members.ts';
import type { Dot } from './core/record.ts';
import { limits } from './limits.ts';
import { readDot, readVector, wireVersion, writeDot, writeVector } from './wire.ts';

/** What replicas say to each other over a link. The numbers are part of the wire format. */
export const messageKinds = { greet: 1, verdict: 2, pull: 3, records: 4, ack: 5, join: 6 } as const;

/** The one stream there is: a snapshot. */
export const snapshotStream = 1;

/** Who speaks, and what it has applied: the first message, and again when either changes. */
export interface Greeting {
  readonly group: number;
  readonly address: string;
  readonly node: string;
  readonly start: number;
  readonly origin: string;
  readonly applied: ReadonlyMap<string, number>;
}

/**
 * What the one greeted makes of it. open: taken from and sent to; rejoin: it has to come back through a
 * snapshot; fenced: an operator has removed it; foreign: of another group or version.
 */
export type Judgement = 'open' | 'rejoin' | 'restored' | 'fenced' | 'foreign';

export interface Verdict {
  readonly judgement: Judgement;
  /** Whether the address of the one greeted is a member to whoever says this. */
  readonly listed: boolean;
  /** What these two were last set by, to whoever says this; undefined when it has never heard of it. */
  readonly presenceBy: SetBy | undefined;
  readonly bindingBy: SetBy | undefined;
  /** Of one judged as restored: a record of its own that it once had, and not when it greeted. */
  readonly forgotten: Dot | undefined;
}

/** Send what I lack, in answers that carry this epoch; those of earlier ones I no longer take. */
export interface Pull {
  readonly epoch: number;
  readonly accepted: ReadonlyMap<string, number>;
}

export interface Records {
  readonly epoch: number;
  /** Whether somebody waits to hear that they are durable. */
  readonly wantsAck: boolean;
  /** Each record's bytes. */
  readonly records: readonly Uint8Array[];
}

const judgements = ['open', 'rejoin', 'restored', 'fenced', 'foreign'] as const;
const writer = new ByteWriter();

export function encodeGreeting(greeting: Greeting): Uint8Array {
  writer.varint(wireVersion);
  writer.varint(greeting.group);
  writer.text(greeting.address);
  writer.id(greeting.node);
  writer.varint(greeting.start);
  writer.id(greeting.origin);
  writeVector(writer, greeting.applied);
  return writer.take();
}

/** `undefined` when its format is of another version: nothing else of it is looked at. */
export function decodeGreeting(bytes: Uint8Array): Greeting | undefined {
  const reader = new ByteReader(bytes);
  if (reader.varint() !== wireVersion) return undefined;
  const greeting = {
    group: reader.varint(),
    address: reader.text(),
    node: reader.id(),
    start: reader.varint(),
    origin: reader.id(),
    applied: readVector(reader),
  };
  reader.end();
  return greeting;
}

export function encodeVerdict(verdict: Verdict): Uint8Array {
  writer.u8(judgements.indexOf(verdict.judgement));
  writer.u8(verdict.listed ? 1 : 0);
  writeSetBy(writer, verdict.presenceBy);
  writeSetBy(writer, verdict.bindingBy);
  writer.u8(verdict.forgotten === undefined ? 0 : 1);
  if (verdict.forgotten !== undefined) writeDot(writer, verdict.forgotten);
  return writer.take();
}

export function decodeVerdict(bytes: Uint8Array): Verdict {
  const reader = new ByteReader(bytes);
  const judgement = judgements[reader.u8()];
  if (judgement === undefined) throw new MalformedBytes('A verdict is unknown.');
  const verdict = {
    judgement,
    listed: reader.u8() === 1,
    presenceBy: readSetBy(reader),
    bindingBy: readSetBy(reader),
    forgotten: reader.u8() === 0 ? undefined : readDot(reader),
  };
  reader.end();
  return verdict;
}

export function encodePull({ epoch, accepted }: Pull): Uint8Array {
  writer.varint(epoch);
  writeVector(writer, accepted);
  return writer.take();
}

export function decodePull(bytes: Uint8Array): Pull {
  const reader = new ByteReader(bytes);
  const pull = { epoch: reader.varint(), accepted: readVector(reader) };
  reader.end();
  return pull;
}

export function encodeRecords({ epoch, wantsAck, records }: Records): Uint8Array {
  writer.varint(epoch);
  writer.u8(wantsAck ? 1 : 0);
  for (const bytes of records) {
    writer.varint(bytes.byteLength);
    writer.bytes(bytes);
  }
  return writer.take();
}

export function decodeRecords(bytes: Uint8Array): Records {
  const reader = new ByteReader(bytes);
  const epoch = reader.varint();
  const wantsAck = reader.u8() === 1;
  const records: Uint8Array[] = [];
  while (!reader.done) records.push(reader.view(reader.varint()));
  return { epoch, wantsAck, records };
}

/** All of this origin up to here is durable at whoever says this. */
export function encodeAck(dot: Dot): Uint8Array {
  writeDot(writer, dot);
  return writer.take();
}

export function decodeAck(bytes: Uint8Array): Dot {
  const reader = new ByteReader(bytes);
  const dot = readDot(reader);
  reader.end();
  return dot;
}

/** What a snapshot answers: a pull of this epoch, or, when it is whole, a join of this epoch. */
export interface SnapshotHead {
  readonly epoch: number;
  /** It holds everything, and is taken in the place of what there is; else it goes beside it. */
  readonly isWhole: boolean;
}

export function encodeSnapshotHead({ epoch, isWhole }: SnapshotHead): Uint8Array {
  writer.varint(epoch);
  writer.u8(isWhole ? 1 : 0);
  return writer.take();
}

/** Throws `MalformedBytes`. */
export function decodeSnapshotHead(bytes: Uint8Array): SnapshotHead {
  const reader = new ByteReader(bytes);
  const head = { epoch: reader.varint(), isWhole: reader.u8() === 1 };
  reader.end();
  return head;
}

/** Let this node in at my address, and send me everything, under this epoch. */
export interface Join {
  readonly epoch: number;
  readonly node: string;
}

export function encodeJoin({ epoch, node }: Join): Uint8Array {
  writer.varint(epoch);
  writer.id(node);
  return writer.take();
}

export function decodeJoin(bytes: Uint8Array): Join {
  const reader = new ByteReader(bytes);
  const join = { epoch: reader.varint(), node: reader.id() };
  reader.end();
  return join;
}

export function writeSetBy(to: ByteWriter, by: SetBy | undefined): void {
  to.u8(by === undefined ? 0 : 1);
  if (by === undefined) return;
  to.u8(by.rank);
  to.varint(by.stamp);
  to.text(by.origin);
  to.varint(by.sequence);
}

export function readSetBy(reader: ByteReader): SetBy | undefined {
  if (reader.u8() === 0) return undefined;
  const by = {
    rank: reader.u8(),
    stamp: reader.varint(),
    origin: reader.text(),
    sequence: reader.varint(),
  };
  // A higher one would stand above anything an operator could say.
  if (by.rank > highestRank || by.sequence > limits.sequenceMax || !/^(?:[0-9a-f]{16})?$/.test(by.origin)) {
    throw new MalformedBytes('A register was set by nobody there can be.');
  }
  return by;
}
