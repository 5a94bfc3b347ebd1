import { limits } from './limits.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A reason as the peer is told it: text, cut to what may be sent. */
export function encodeReason(text: string): Uint8Array {
  const bytes = new Uint8Array(limits.reasonBytesMax);
  return bytes.subarray(0, encoder.encodeInto(text, bytes).written);
}

/** What a peer says, fit to be shown: cut, and nothing in it that a terminal obeys or that ends a line. */
export function decodeReason(bytes: Uint8Array): string {
  return decoder
    .decode(bytes.subarray(0, limits.reasonBytesMax))
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?');
}
