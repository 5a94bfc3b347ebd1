import { describe, expect, it } from 'vitest';
import * as messages from './messages.ts';
import { dot, id, vector } from './testing/records.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const greeting = {
  group: 0,
  address: 'r1:8090',
  node: id('1'),
  start: 2,
  origin: id('a'),
  applied: vector('a5 b300'),
};
const setBy = { rank: 2, stamp: 300, origin: id('b'), sequence: 4 };
const verdict = {
  judgement: 'rejoin',
  listed: true,
  presenceBy: setBy,
  bindingBy: undefined,
  forgotten: dot('a300'),
} as const;
const records = {
  epoch: 3,
  wantsAck: true,
  records: [Buffer.from('01', 'hex'), Buffer.from('0203', 'hex')],
};

/** What peers of other versions of the software expect. */
const golden = [
  [
    'greeting',
    greeting,
    messages.encodeGreeting(greeting),
    messages.decodeGreeting,
    '01000772313a38303930111111111111111102aaaaaaaaaaaaaaaa02aaaaaaaaaaaaaaaa05bbbbbbbbbbbbbbbbac02',
  ],
  [
    'verdict',
    verdict,
    messages.encodeVerdict(verdict),
    messages.decodeVerdict,
    '01010102ac02106262626262626262626262626262626204' + '00' + '01aaaaaaaaaaaaaaaaac02',
  ],
  [
    'pull',
    { epoch: 3, accepted: vector('a5') },
    messages.encodePull({ epoch: 3, accepted: vector('a5') }),
    messages.decodePull,
    '0301aaaaaaaaaaaaaaaa05',
  ],
  ['records', records, messages.encodeRecords(records), messages.decodeRecords, '03010101020203'],
  ['ack', dot('a7'), messages.encodeAck(dot('a7')), messages.decodeAck, 'aaaaaaaaaaaaaaaa07'],
  [
    'join',
    { epoch: 2, node: id('c') },
    messages.encodeJoin({ epoch: 2, node: id('c') }),
    messages.decodeJoin,
    '02cccccccccccccccc',
  ],
  [
    'head of a snapshot',
    { epoch: 300, isWhole: true },
    messages.encodeSnapshotHead({ epoch: 300, isWhole: true }),
    messages.decodeSnapshotHead,
    'ac0201',
  ],
] as const;

describe('messages between replicas', () => {
  it('have these numbers', () => {
    expect(messages.messageKinds).toEqual({ greet: 1, verdict: 2, pull: 3, records: 4, ack: 5, join: 6 });
    expect(messages.snapshotStream).toBe(1);
  });

  it.each(golden)('%s', (_, message, bytes, decode, expected) => {
    expect(hex(bytes)).toBe(expected);
    expect(decode(bytes)).toEqual(message);
  });

  it('takes a greeting of another version for one of a stranger, whatever follows', () => {
    const bytes = messages.encodeGreeting(greeting);
    bytes[0] = 2;
    expect(messages.decodeGreeting(bytes.subarray(0, 1))).toBeUndefined();
  });

  it('knows every judgement', () => {
    for (const judgement of ['open', 'rejoin', 'restored', 'fenced', 'foreign'] as const) {
      const each = {
        judgement,
        listed: false,
        presenceBy: undefined,
        bindingBy: setBy,
        forgotten: undefined,
      };
      expect(messages.decodeVerdict(messages.encodeVerdict(each))).toEqual(each);
    }
  });

  it.each([
    ['a rank above all there are', { ...setBy, rank: 3 }],
    ['a sequence above all there are', { ...setBy, sequence: 2 ** 48 + 1 }],
    ['an origin that is none', { ...setBy, origin: 'b' }],
  ])('has no register that was set by %s', (_, bindingBy) => {
    const bytes = messages.encodeVerdict({ ...verdict, bindingBy });
    expect(() => messages.decodeVerdict(bytes)).toThrow('set by nobody');
  });
});
