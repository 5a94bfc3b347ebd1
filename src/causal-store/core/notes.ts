import { ByteReader, ByteWriter, MalformedBytes } from '../bytes.ts';

/**
 * What the journal holds besides records: who this replica is, whom its first list named, and snapshots on
 * their way. Their first bytes lie above all kinds of records.
 */
export type Note =
  | ({ readonly note: 'identity' } & Identity)
  | { readonly note: 'list'; readonly addresses: readonly string[] }
  | { readonly note: 'stage-begins' }
  | { readonly note: 'stage'; readonly chunk: Uint8Array }
  /** What is staged becomes part of the state; or, with a new identity, takes its place. */
  | { readonly note: 'publish'; readonly rejoins: Rejoining | undefined }
  /** What was set aside when this incarnation began is in its file. */
  | { readonly note: 'quarantine-kept'; readonly origin: string };

export interface Identity {
  /** The disk's: 16 hexadecimal digits, drawn when it was new. */
  readonly node: string;
  readonly start: number;
  /** The incarnation. */
  readonly origin: string;
  readonly address: string;
}

export interface Rejoining extends Identity {
  /** That of its opening. */
  readonly stamp: number;
  /** Where the others found its disk before it moved, if nobody is there any more. */
  readonly leaves: string | undefined;
}

const kinds = {
  identity: 64,
  list: 65,
  stageBegins: 66,
  stage: 67,
  publish: 68,
  republish: 69,
  quarantineKept: 70,
} as const;
const writer = new ByteWriter();

export function isNote(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) >= kinds.identity;
}

export function encodeNote(note: Note): Uint8Array {
  switch (note.note) {
    case 'identity':
      writer.u8(kinds.identity);
      writeIdentity(note);
      break;
    case 'list':
      writer.u8(kinds.list);
      writer.varint(note.addresses.length);
      for (const address of note.addresses) writer.text(address);
      break;
    case 'stage-begins':
      writer.u8(kinds.stageBegins);
      break;
    case 'stage':
      writer.u8(kinds.stage);
      writer.bytes(note.chunk);
      break;
    case 'publish':
      writer.u8(note.rejoins === undefined ? kinds.publish : kinds.republish);
      if (note.rejoins === undefined) break;
      writeIdentity(note.rejoins);
      writer.varint(note.rejoins.stamp);
      writer.text(note.rejoins.leaves ?? '');
      break;
    case 'quarantine-kept':
      writer.u8(kinds.quarantineKept);
      writer.id(note.origin);
      break;
  }
  return writer.take();
}

export function decodeNote(bytes: Uint8Array): Note {
  const reader = new ByteReader(bytes);
  const note = readNote(reader, bytes);
  if (note.note !== 'stage') reader.end();
  return note;
}

function readNote(reader: ByteReader, bytes: Uint8Array): Note {
  switch (reader.u8()) {
    case kinds.identity:
      return { note: 'identity', ...readIdentity(reader) };
    case kinds.list:
      return { note: 'list', addresses: Array.from({ length: reader.count(1) }, () => reader.text()) };
    case kinds.stageBegins:
      return { note: 'stage-begins' };
    case kinds.stage:
      return { note: 'stage', chunk: bytes.subarray(1) };
    case kinds.publish:
      return { note: 'publish', rejoins: undefined };
    case kinds.republish:
      return { note: 'publish', rejoins: readRejoining(reader) };
    case kinds.quarantineKept:
      return { note: 'quarantine-kept', origin: reader.id() };
    default:
      throw new MalformedBytes('A note in the journal is unknown.');
  }
}

function readRejoining(reader: ByteReader): Rejoining {
  const identity = readIdentity(reader);
  const stamp = reader.varint();
  return { ...identity, stamp, leaves: reader.text() || undefined };
}

function writeIdentity({ node, start, origin, address }: Identity): void {
  writer.id(node);
  writer.varint(start);
  writer.id(origin);
  writer.text(address);
}

function readIdentity(reader: ByteReader): Identity {
  return {
    node: reader.id(),
    start: reader.varint(),
    origin: reader.id(),
    address: reader.text(),
  };
}
