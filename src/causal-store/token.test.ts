import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { dots, id, randomDot } from './testing/records.ts';
import { forSeeds, pick } from './testing/seeds.ts';
import { decodeToken, encodeToken } from './token.ts';

function token(hex: string): string {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex').toString('base64url');
}

const a = id('a');

describe('a token', () => {
  it('has this form', () => {
    expect(encodeToken(0, dots('a5 b300'))).toBe(token(`01 01 00 02 ${a} 05 ${id('b')} ac02`));
    expect(encodeToken(7, dots('a5'))).toBe(token(`01 01 07 01 ${a} 05`));
    expect(encodeToken(0, [])).toBe('');
  });

  it('says what it was made of, to its own group only', () => {
    forSeeds(100, (prng) => {
      const seen = Array.from({ length: prng.below(20) }, () => randomDot(prng));
      const text = encodeToken(3, seen);
      expect(decodeToken(text, 3)).toEqual(seen);
      if (seen.length > 0) expect(decodeToken(text, 4)).toBe('unknown');
    });
  });

  it.each([
    ['another version', token(`02 01 00 01 ${a} 05`)],
    ['two groups', token(`01 02 00 01 ${a} 05`)],
    ['one origin twice', token(`01 01 00 02 ${a} 05 ${a} 06`)],
    ['the sequence 0', token(`01 01 00 01 ${a} 00`)],
    ['more entries than bytes', token(`01 01 00 7f ${a} 05`)],
    ['bytes behind the end', token(`01 01 00 01 ${a} 05 00`)],
    ['half an entry', token(`01 01 00 01 ${a}`)],
    ['characters that are none of base64url', 'AQ+/=='],
    ['spaces', ' '],
    ['nothing but its version', token('01')],
  ])('with %s is unknown', (_, text) => {
    expect(decodeToken(text, 0)).toBe('unknown');
  });

  it('is unknown when it is longer than any of ours', () => {
    const many = Array.from({ length: limits.tokenEntriesMax + 1 }, (_, index) => ({
      origin: index.toString(16).padStart(16, '0'),
      sequence: 1,
    }));
    expect(decodeToken(encodeToken(0, many), 0)).toBe('unknown');
    expect(decodeToken(encodeToken(0, many.slice(1)), 0)).toHaveLength(limits.tokenEntriesMax);
    expect(decodeToken('A'.repeat(limits.tokenCharactersMax + 1), 0)).toBe('unknown');
    expect(decodeToken('A'.repeat(100 * 1024 * 1024), 0)).toBe('unknown');
  });

  it('throws nothing, whatever it is', () => {
    const whole = encodeToken(0, dots('a5 b300 c70000'));
    forSeeds(2_000, (prng) => {
      const bytes = Buffer.from(whole, 'base64url');
      for (let count = prng.below(3); count >= 0; count--)
        bytes[prng.below(bytes.length)] = prng.below(256);
      const mutated = bytes.subarray(0, prng.below(bytes.length + 1));
      const any = pick(prng, [mutated, Buffer.from(prng.bytes(prng.below(60)))]);
      for (const text of [any.toString('base64url'), any.toString('latin1')]) {
        const read = decodeToken(text, 0);
        if (read === 'unknown') continue;
        for (const { origin, sequence } of read) {
          expect(origin).toMatch(/^[0-9a-f]{16}$/);
          expect(Number.isSafeInteger(sequence) && sequence > 0).toBe(true);
        }
      }
    });
  });
});
