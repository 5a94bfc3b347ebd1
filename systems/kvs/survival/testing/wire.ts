/**
 * What replicas send each other, written by hand as an attacker would: the store's own encoders would refuse
 * most of what is sent here. Numbers are LEB128, texts UTF-8 with their length, identities 8 bytes.
 */

/** What replicas say to each other, by the numbers on the wire. */
export const messages = { greet: 1, verdict: 2, pull: 3, records: 4, ack: 5, join: 6 } as const;

export const recordKinds = {
  put: 1,
  delete: 2,
  claim: 3,
  opening: 4,
  member: 5,
  putAgain: 6,
  deleteAgain: 7,
  echo: 8,
} as const;

export const judgements = ['open', 'rejoin', 'restored', 'fenced', 'foreign'] as const;

/** The end of what the numbers of the wire can say. */
export const hugeNumber = Number.MAX_SAFE_INTEGER;

export function join(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts);
}

export function u8(value: number): Buffer {
  return Buffer.of(value);
}

export function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  return Buffer.from([...bytes, rest]);
}

export function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return join(varint(bytes.byteLength), bytes);
}

/** 16 hexadecimal digits. */
export function id(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

export function vector(entries: Iterable<readonly [string, number]>): Buffer {
  const parts = Array.from(entries, ([origin, sequence]) => join(id(origin), varint(sequence)));
  return join(varint(parts.length), Buffer.concat(parts));
}

export interface Head {
  readonly group?: number;
  readonly origin: string;
  readonly sequence: number;
  readonly stamp: number;
  readonly dependencies?: Iterable<readonly [string, number]>;
}

export function record(kind: number, head: Head, ...body: readonly Uint8Array[]): Buffer {
  const { group = 0, origin, sequence, stamp, dependencies = [] } = head;
  return join(
    u8(kind),
    varint(group),
    id(origin),
    varint(sequence),
    varint(stamp),
    vector(dependencies),
    ...body,
  );
}

export interface OpeningBody {
  readonly node: string;
  readonly start?: number;
  readonly address: string;
  readonly abandons?: readonly string[];
  readonly vouches?: Iterable<readonly [string, number]>;
  readonly handsIn?: number;
}

export function opening(head: Head, body: OpeningBody): Buffer {
  const { node, start = 1, address, abandons = [], vouches = [], handsIn = 0 } = body;
  const lists = [varint(abandons.length), ...abandons.map(id), vector(vouches)];
  const rest = [u8(0), ...lists, varint(handsIn)];
  return record(recordKinds.opening, head, id(node), varint(start), text(address), ...rest);
}

export function member(head: Head, address: string, present: boolean): Buffer {
  return record(recordKinds.member, head, text(address), u8(present ? 1 : 0));
}

export function records(epoch: number, list: readonly Uint8Array[]): Buffer {
  const framed = list.flatMap((each) => [varint(each.byteLength), each]);
  return join(varint(epoch), u8(0), ...framed);
}
