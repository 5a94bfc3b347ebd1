import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter, MalformedBytes } from './bytes.ts';
import { randomId, randomNumber, randomText } from './testing/records.ts';
import { forSeeds } from './testing/seeds.ts';

function written(write: (writer: ByteWriter) => void): Buffer {
  const writer = new ByteWriter(1);
  write(writer);
  return writer.take();
}

describe('a writer', () => {
  it.each([
    [0, '00'],
    [127, '7f'],
    [128, '8001'],
    [300, 'ac02'],
    [2 ** 32, '8080808010'],
    [Number.MAX_SAFE_INTEGER, 'ffffffffffffff0f'],
  ])('writes the number %d as %s', (number, hex) => {
    const bytes = written((to) => to.varint(number));
    expect(bytes.toString('hex')).toBe(hex);
    expect(new ByteReader(bytes).varint()).toBe(number);
  });

  it.each([
    ['', '00'],
    ['ab', '026162'],
    ['€', '03e282ac'],
    ['aä', '0361c3a4'],
    ['a'.repeat(64), `40${'61'.repeat(64)}`],
    ['ä'.repeat(64), `8001${'c3a4'.repeat(64)}`],
  ])('writes the text %j with its length', (text, hex) => {
    const bytes = written((to) => to.text(text));
    expect(bytes.toString('hex')).toBe(hex);
    expect(new ByteReader(bytes).text()).toBe(text);
  });

  it('is empty again after what it wrote was taken, which is not written over', () => {
    const writer = new ByteWriter(4);
    writer.id('0123456789abcdef');
    const first = writer.take();
    expect(writer.length).toBe(0);
    writer.id('ffffffffffffffff');
    expect(first.toString('hex')).toBe('0123456789abcdef');
    expect(writer.take().toString('hex')).toBe('ffffffffffffffff');
  });
});

describe('a reader', () => {
  it('reads whatever a writer wrote', () => {
    forSeeds(200, (prng) => {
      const number = randomNumber(prng);
      const text = randomText(prng);
      const id = randomId(prng);
      const some = prng.bytes(prng.below(300));
      const bytes = written((to) => {
        to.varint(number);
        to.text(text);
        to.id(id);
        to.varint(some.byteLength);
        to.bytes(some);
        to.u8(7);
      });
      const reader = new ByteReader(bytes);
      expect(reader.varint()).toBe(number);
      expect(reader.text()).toBe(text);
      expect(reader.id()).toBe(id);
      expect(Buffer.from(reader.view(reader.varint()))).toEqual(Buffer.from(some));
      expect(reader.u8()).toBe(7);
      reader.end();
    });
  });

  it.each([
    ['a number that does not end', '80', (reader: ByteReader) => reader.varint()],
    ['a number above 2^53', 'ffffffffffffff1f', (reader: ByteReader) => reader.varint()],
    ['a number of too many bytes', '80'.repeat(9), (reader: ByteReader) => reader.varint()],
    ['a text longer than the rest', '0361', (reader: ByteReader) => reader.text()],
    ['half an id', '00112233', (reader: ByteReader) => reader.id()],
    ['a list longer than its bytes could be', '05aabbcc', (reader: ByteReader) => reader.count(1)],
    ['nothing', '', (reader: ByteReader) => reader.u8()],
    ['bytes behind the end', '00', (reader: ByteReader) => reader.end()],
  ])('refuses %s', (_, hex, read) => {
    expect(() => read(new ByteReader(Buffer.from(hex, 'hex')))).toThrow(MalformedBytes);
  });
});
