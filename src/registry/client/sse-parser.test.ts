import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type SseBlock, SseParser } from './sse-parser.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(text: string): readonly SseBlock[] {
  return new SseParser(10_000).push(bytes(text));
}

/** Examples and rules of WHATWG HTML, 9.2.6. */
const table: readonly [what: string, text: string, blocks: readonly Partial<SseBlock>[]][] = [
  ['one line of data', 'data: hi\n\n', [{ event: 'message', id: '', data: 'hi' }]],
  ['several lines of data', 'data: YHOO\ndata: +2\ndata: 10\n\n', [{ data: 'YHOO\n+2\n10' }]],
  ['one space after the colon is taken away', 'data:  hi\n\n', [{ data: ' hi' }]],
  ['no space after the colon', 'data:hi\n\n', [{ data: 'hi' }]],
  [
    'a line without colon is a field without value',
    'data\n\ndata\ndata\n\n',
    [{ data: '' }, { data: '\n' }],
  ],
  ['a comment', ': alive\n\n', [{ data: undefined }]],
  [
    'an event with a name and an id',
    'event: change\nid: e-1\ndata: {}\n\n',
    [{ event: 'change', id: 'e-1' }],
  ],
  ['the id stays', 'id: e-1\ndata: a\n\ndata: b\n\n', [{ id: 'e-1' }, { id: 'e-1' }]],
  ['an id without value resets', 'id: e-1\ndata: a\n\nid\ndata: b\n\n', [{ id: 'e-1' }, { id: '' }]],
  ['an id with NULL is ignored', 'id: e-1\nid: a\0b\ndata: a\n\n', [{ id: 'e-1' }]],
  ['the name does not stay', 'event: a\ndata: 1\n\ndata: 2\n\n', [{ event: 'a' }, { event: 'message' }]],
  ['CR and CRLF end lines', 'data: a\rdata: b\r\ndata: c\n\r\n', [{ data: 'a\nb\nc' }]],
  ['CR alone ends a block', 'data: a\r\rdata: b\r\n\r\n', [{ data: 'a' }, { data: 'b' }]],
  ['unknown fields and retry are ignored', 'retry: 5\nfoo: x\ndata: a\n\n', [{ data: 'a' }]],
  ['a byte order mark', '\uFEFFdata: a\n\n', [{ data: 'a' }]],
  ['a block without its blank line never comes', 'data: a\n\ndata: b\n', [{ data: 'a' }]],
  ['colons in the value', 'data: {"a":1}\n\n', [{ data: '{"a":1}' }]],
];

describe('server-sent events', () => {
  it.each(table)('%s', (_, text, blocks) => {
    expect(parse(text)).toEqual(blocks.map((block) => expect.objectContaining(block)));
  });

  it.each(table)('%s, byte by byte', (_, text, blocks) => {
    const parser = new SseParser(10_000);
    const found = [...bytes(text)].flatMap((byte) => parser.push(Uint8Array.of(byte)));
    expect(found).toEqual(blocks.map((block) => expect.objectContaining(block)));
  });

  it('is the same however the stream is cut', () => {
    const piece = fc.constantFrom(
      'data: x',
      'data:',
      'id: é',
      'event: 💈',
      ': c',
      '\n',
      '\r',
      '\r\n',
      '\n\n',
      ':',
      'a',
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 40 }),
        fc.array(fc.nat(30), { maxLength: 30 }),
        (pieces, cuts) => {
          const whole = bytes(pieces.join(''));
          const parser = new SseParser(10_000);
          const found: SseBlock[] = [];
          let at = 0;
          for (const cut of cuts) {
            found.push(...parser.push(whole.subarray(at, at + cut)));
            at = Math.min(whole.length, at + cut);
          }
          found.push(...parser.push(whole.subarray(at)));
          expect(found).toEqual(new SseParser(10_000).push(whole));
        },
      ),
    );
  });

  it('survives any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 50 })), (chunks) => {
        const parser = new SseParser(10_000);
        for (const chunk of chunks) parser.push(chunk);
      }),
    );
  });

  it('gives a line or an event over its bound up', () => {
    expect(() => new SseParser(100).push(bytes(`data: ${'x'.repeat(200)}`))).toThrow(/over 100 characters/);
    expect(() => new SseParser(100).push(bytes('data: xxxxxxxx\n'.repeat(20)))).toThrow(
      /over 100 characters/,
    );
    const parser = new SseParser(100);
    for (let index = 0; index < 1000; index++) parser.push(bytes('data: xxxxxxxx\n\n'));
  });
});
