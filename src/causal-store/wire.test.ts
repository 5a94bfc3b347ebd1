import { describe, expect, it } from 'vitest';
import { MalformedBytes } from './bytes.ts';
import { decodeNote, encodeNote, type Note } from './core/notes.ts';
import type { StoreRecord } from './core/record.ts';
import { limits } from './limits.ts';
import { claim, dots, id, member, opening, randomRecord, write } from './testing/records.ts';
import { forSeeds } from './testing/seeds.ts';
import { decodeRecord, encodeRecord, wireVersion } from './wire.ts';

/**
 * The format as disks and processes of other versions know it. What changes it makes journals unreadable
 * and peers strangers: it needs a new version, and a way to read the old.
 */
const first = { stamp: 7, origin: id('c'), sequence: 9 };
const golden: readonly (readonly [string, StoreRecord, string])[] = [
  [
    'put',
    write('a1', { key: 'k', value: '"v"', after: 'b300' }),
    '0100aaaaaaaaaaaaaaaa010101bbbbbbbbbbbbbbbbac02016b03227622',
  ],
  [
    'delete',
    write('a2', { value: undefined, stamp: 2 ** 50 }),
    '0200aaaaaaaaaaaaaaaa02808080808080800200016b',
  ],
  [
    'put handed in again',
    write('a3', { value: '1', stamp: 9, first }),
    '0600aaaaaaaaaaaaaaaa03090007cccccccccccccccc09016b0131',
  ],
  [
    'delete handed in again',
    write('a3', { value: undefined, stamp: 9, first }),
    '0700aaaaaaaaaaaaaaaa03090007cccccccccccccccc09016b',
  ],
  ['claim', claim('a4', 'b1 c2'), '0300aaaaaaaaaaaaaaaa040402bbbbbbbbbbbbbbbb01cccccccccccccccc02'],
  ['echo', claim('a5', 'b1', true), '0800aaaaaaaaaaaaaaaa050501bbbbbbbbbbbbbbbb01'],
  [
    'opening',
    opening('a1', {
      ...{ node: id('d'), start: 3, leaves: 'o:1' },
      ...{ abandons: [id('e')], vouches: dots('b9'), handsIn: 2 },
    }),
    '0400aaaaaaaaaaaaaaaa010100dddddddddddddddd0303613a3101036f3a3101eeeeeeeeeeeeeeee' +
      '01bbbbbbbbbbbbbbbb0902',
  ],
  [
    'opening at the old place',
    opening('a1'),
    '0400aaaaaaaaaaaaaaaa010100aaaaaaaaaaaaaaaa0103613a3100000000',
  ],
  [
    'letting in',
    member('a6', { address: 'x:1', present: true, who: id('f') }),
    '0500aaaaaaaaaaaaaaaa06060003783a3103ffffffffffffffff',
  ],
  [
    'letting in who takes the place of a member',
    member('a6', { address: 'x:1', present: true, who: id('f'), rebinds: true }),
    '0500aaaaaaaaaaaaaaaa06060003783a3107ffffffffffffffff',
  ],
  ['removal', member('a7', { address: 'x:1', present: false }), '0500aaaaaaaaaaaaaaaa07070003783a3100'],
];

const identity = { node: id('1'), start: 2, origin: id('a'), address: 'r1:8090' };
const notes: readonly (readonly [Note, string])[] = [
  [{ note: 'identity', ...identity }, '40111111111111111102aaaaaaaaaaaaaaaa0772313a38303930'],
  [{ note: 'list', addresses: ['a:1', 'b:2'] }, '410203613a3103623a32'],
  [{ note: 'stage-begins' }, '42'],
  [{ note: 'stage', chunk: Buffer.from([1, 2, 3]) }, '43010203'],
  [{ note: 'publish', rejoins: undefined }, '44'],
  [
    { note: 'publish', rejoins: { ...identity, stamp: 300, leaves: undefined } },
    '45111111111111111102aaaaaaaaaaaaaaaa0772313a38303930ac0200',
  ],
  [
    { note: 'publish', rejoins: { ...identity, stamp: 300, leaves: 'o:1' } },
    '45111111111111111102aaaaaaaaaaaaaaaa0772313a38303930ac02036f3a31',
  ],
  [{ note: 'quarantine-kept', origin: id('a') }, '46aaaaaaaaaaaaaaaa'],
];

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe('the form of records', () => {
  it('is version 1', () => expect(wireVersion).toBe(1));

  it.each(golden)('%s', (_, record, bytes) => {
    expect(hex(encodeRecord(record))).toBe(bytes);
    expect(decodeRecord(Buffer.from(bytes, 'hex')).record).toEqual(record);
  });

  it('holds any record', () => {
    forSeeds(500, (prng) => {
      const record = randomRecord(prng);
      expect(decodeRecord(encodeRecord(record)).record).toEqual(record);
    });
  });

  it.each([
    ['an unknown kind', '3f00aaaaaaaaaaaaaaaa010000'],
    ['the sequence 0', '0300aaaaaaaaaaaaaaaa000000'],
    ['flags that are none', '0500aaaaaaaaaaaaaaaa01010003783a3108'],
    ['nobody who takes the place of a member', '0500aaaaaaaaaaaaaaaa01010003783a3105'],
    [
      'more handed in than a stream holds',
      hex(encodeRecord(opening('a1', { handsIn: limits.sequenceMax }))),
    ],
    ['too long a key', hex(encodeRecord(write('a1', { key: 'k'.repeat(limits.keyCharactersMax + 1) })))],
    [
      'too long a value',
      hex(encodeRecord(write('a1', { value: 'x'.repeat(limits.valueCharactersMax + 1) }))),
    ],
    [
      'more bytes than any has',
      hex(encodeRecord(claim('a1', Array.from({ length: 420_000 }, (_, n) => `b${n + 1}`).join(' ')))),
    ],
    ['bytes behind the end', '0300aaaaaaaaaaaaaaaa01010000'],
  ])('has no record with %s', (_, bytes) => {
    expect(() => decodeRecord(Buffer.from(bytes, 'hex'))).toThrow(MalformedBytes);
  });

  it.each(['a b:80', 'a\u202e:80', 'a:0', 'a', `${'a'.repeat(255)}:1`])('has no member %j', (address) => {
    const bytes = encodeRecord(member('a1', { address, present: true }));
    expect(() => decodeRecord(bytes)).toThrow(MalformedBytes);
  });
});

describe('the form of notes', () => {
  it.each(notes)('$note', (note, bytes) => {
    expect(hex(encodeNote(note))).toBe(bytes);
    const read = decodeNote(Buffer.from(bytes, 'hex'));
    expect(read).toEqual(note);
  });
});
