import { writeU32 } from '../wire.ts';

const label = new TextEncoder().encode('holdfast link 1\n');

/** What a proof is made over: who proves, what was agreed, and both hellos as they were sent. */
export function transcript(of: {
  readonly role: 'dialler' | 'acceptor';
  readonly version: number;
  readonly seen: number;
  readonly dialler: Uint8Array;
  readonly acceptor: Uint8Array;
}): Uint8Array {
  const start = label.length;
  const bytes = new Uint8Array(start + 13 + of.dialler.length + of.acceptor.length);
  bytes.set(label);
  bytes[start] = of.role === 'dialler' ? 1 : 2;
  writeU32(bytes, start + 1, of.version);
  writeU32(bytes, start + 5, of.seen);
  // Its length keeps the border between the two hellos from being moved.
  writeU32(bytes, start + 9, of.dialler.length);
  bytes.set(of.dialler, start + 13);
  bytes.set(of.acceptor, start + 13 + of.dialler.length);
  return bytes;
}

/** In a time that does not tell where they differ. */
export function equalProofs(given: Uint8Array, right: Uint8Array): boolean {
  if (given.length !== right.length) return false;
  let difference = 0;
  for (let index = 0; index < right.length; index++) {
    difference |= (given[index] as number) ^ (right[index] as number);
  }
  return difference === 0;
}
