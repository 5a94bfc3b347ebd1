import { readAddress } from '../std/index.ts';
import { limits } from './limits.ts';
import { readU16, readU32, writeU32 } from './wire.ts';

/** Who a process is and what it can do: the payload of the first frame each way. */
export interface Hello {
  readonly versionMin: number;
  readonly versionMax: number;
  /** It has a cluster key. */
  readonly keyed: boolean;
  /** Of this connection. */
  readonly nonce: Uint8Array;
  /** What a stream's writer may send to it before it has consumed any. */
  readonly streamWindowBytes: number;
  /** Where it can be dialled. */
  readonly address: string;
  /** Which life of the process there: printable ASCII. */
  readonly session: string;
  /** What its user adds. */
  readonly payload: Uint8Array;
}

export const nonceBytes = 32;
const fixedBytes = 2 + 2 + 1 + nonceBytes + 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Whether it may name a life of a process. It stands in events and logs as it is. */
export function isSession(text: string): boolean {
  return /^[ -~]+$/.test(text) && text.length <= limits.sessionBytesMax;
}

/**
 *     min u16 | max u16 | keyed u8 | nonce 32 | window u32 | address u8 + text | session u8 + text
 *     | payload u16 + bytes
 *
 * What a later version appends is ignored by an earlier one, though the proof covers it.
 */
export function encodeHello(hello: Hello): Uint8Array {
  const address = encoder.encode(hello.address);
  const session = encoder.encode(hello.session);
  const { payload } = hello;
  const bytes = new Uint8Array(fixedBytes + 1 + address.length + 1 + session.length + 2 + payload.length);
  bytes.set([hello.versionMin >>> 8, hello.versionMin, hello.versionMax >>> 8, hello.versionMax]);
  bytes[4] = hello.keyed ? 1 : 0;
  bytes.set(hello.nonce, 5);
  writeU32(bytes, 5 + nonceBytes, hello.streamWindowBytes);
  let at = fixedBytes;
  for (const text of [address, session]) {
    bytes[at] = text.length;
    bytes.set(text, at + 1);
    at += 1 + text.length;
  }
  bytes.set([payload.length >>> 8, payload.length], at);
  bytes.set(payload, at + 2);
  return bytes;
}

/** Undefined when it is none. */
export function decodeHello(bytes: Uint8Array): Hello | undefined {
  if (bytes.length < fixedBytes) return undefined;
  const keyed = bytes[4] as number;
  const address = readText(bytes, fixedBytes, limits.addressBytesMax);
  const session = address && readText(bytes, address.end, limits.sessionBytesMax);
  if (keyed > 1 || address === undefined || session === undefined) return undefined;
  if (readAddress(address.text) === undefined || !isSession(session.text)) return undefined;
  const start = session.end + 2;
  if (bytes.length < start) return undefined;
  const end = start + readU16(bytes, session.end);
  if (end > bytes.length || end - start > limits.helloBytesMax) return undefined;
  return {
    versionMin: readU16(bytes, 0),
    versionMax: readU16(bytes, 2),
    keyed: keyed === 1,
    nonce: bytes.slice(5, 5 + nonceBytes),
    streamWindowBytes: readU32(bytes, 5 + nonceBytes),
    address: address.text,
    session: session.text,
    payload: bytes.slice(start, end),
  };
}

/** A text of one byte at least, behind its length. */
function readText(
  bytes: Uint8Array,
  at: number,
  lengthMax: number,
): { readonly text: string; readonly end: number } | undefined {
  const length = bytes[at] ?? 0;
  const end = at + 1 + length;
  if (length === 0 || length > lengthMax || end > bytes.length) return undefined;
  try {
    return { text: decoder.decode(bytes.subarray(at + 1, end)), end };
  } catch {
    return undefined;
  }
}
