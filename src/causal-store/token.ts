import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts';
import type { Dot } from './core/record.ts';
import { limits } from './limits.ts';
import { readDots, writeDots } from './wire.ts';

/**
 * A token is what a client carries from answer to request: a sparse version vector, as base64url text that
 * means nothing to it. Version byte, then the shard groups it speaks of, each with its dots.
 */
const tokenVersion = 1;
const writer = new ByteWriter();

/** The token of a client that has seen nothing yet is the empty text. */
export function encodeToken(group: number, dots: readonly Dot[]): string {
  if (dots.length === 0) return '';
  writer.u8(tokenVersion);
  writer.varint(1);
  writer.varint(group);
  writeDots(writer, dots);
  return writer.takeText();
}

/**
 * The dots of a token that this group has to cover. `unknown`: the text is no token of ours, or speaks of
 * other groups, of which this one knows nothing.
 */
export function decodeToken(text: string, group: number): readonly Dot[] | 'unknown' {
  if (text === '') return noDots;
  if (text.length > limits.tokenCharactersMax || !/^[\w-]+$/.test(text)) return 'unknown';
  try {
    const reader = new ByteReader(Buffer.from(text, 'base64url'));
    if (reader.u8() !== tokenVersion || reader.varint() !== 1 || reader.varint() !== group)
      return 'unknown';
    const dots = readDots(reader);
    reader.end();
    if (
      dots.length > limits.tokenEntriesMax ||
      new Set(dots.map(({ origin }) => origin)).size < dots.length
    ) {
      return 'unknown';
    }
    return dots;
  } catch (error) {
    if (error instanceof MalformedBytes) return 'unknown';
    throw error;
  }
}

const noDots: readonly Dot[] = [];
