import { describe, expect, it } from 'vitest';
import { transcript } from './core/transcript.ts';
import { decodeHello, encodeHello, type Hello } from './hello.ts';
import { Outbox } from './outbox.ts';
import { bytesOf } from './testing/process.ts';
import { frameType, magic, problemOf, versionMax } from './wire.ts';

/**
 * The format as processes of other versions know it. A change here that is not a new version, which the
 * handshake can tell from this one, breaks every running system.
 */
const golden = {
  version: 1,
  magic: '484f4c444c4e4b31',
  frames: [
    '00000000 10 00 0000 00000000',
    '00000003 11 00 1234 00000000 616263',
    '00000003 12 00 0001 00000002 616263',
    '00000003 13 00 0000 00000002 616263',
    '00000003 14 00 0000 00000002 616263',
    '00000003 15 00 ffff ffffffff 616263',
    '00000003 16 00 0000 00000003 616263',
    '00000000 17 00 0000 00000003',
    '00000003 18 00 0000 00000003 616263',
    '00000004 19 00 0000 00000003 00010000',
    '00000000 1a 00 0000 00000000',
  ],
  hello: `0001 0002 01 ${'aa'.repeat(32)} 00040000 0e 3132372e302e302e313a38303930 01 73 0003 010203`,
  /** What a proof is an HMAC of: the dialler's, seven adoptions seen, over hellos of 3 and 2 bytes. */
  transcript: '686f6c6466617374206c696e6b20310a 01 00000001 00000007 00000003 616263 7879',
  adoption: '00000000 03 00 0000 00000009',
  refusal: '00000003 04 00 0008 00000000 6e6f21',
};

const hello: Hello = {
  versionMin: 1,
  versionMax: 2,
  keyed: true,
  nonce: new Uint8Array(32).fill(0xaa),
  streamWindowBytes: 256 * 1024,
  address: '127.0.0.1:8090',
  session: 's',
  payload: new Uint8Array([1, 2, 3]),
};

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

function squeezed(text: string): string {
  return text.replaceAll(' ', '');
}

function frameHex(type: number, kind?: number, id?: number, payload?: Uint8Array): string {
  const out = new Outbox();
  out.frame(type, kind, id, payload);
  return hex(out.take() ?? new Uint8Array(0));
}

const abc = new Uint8Array([97, 98, 99]);

describe('the wire format', () => {
  it('of frames is that of version 1', () => {
    expect(versionMax).toBe(golden.version);
    expect(hex(magic)).toBe(golden.magic);
    const { heartbeat, message, request, answer, rejection, close, credit } = frameType;
    const { streamOpen, streamData, streamEnd, streamReset, refuse, adopt } = frameType;
    const frames = [
      frameHex(heartbeat),
      frameHex(message, 0x1234, 0, abc),
      frameHex(request, 1, 2, abc),
      frameHex(answer, 0, 2, abc),
      frameHex(rejection, 0, 2, abc),
      frameHex(streamOpen, 0xffff, 0xffff_ffff, abc),
      frameHex(streamData, 0, 3, abc),
      frameHex(streamEnd, 0, 3),
      frameHex(streamReset, 0, 3, abc),
      frameHex(credit, 0, 3, new Uint8Array([0, 1, 0, 0])),
      frameHex(close),
    ];
    expect(frames).toEqual(golden.frames.map(squeezed));
    expect(frameHex(adopt, 0, 9)).toBe(squeezed(golden.adoption));
    expect(frameHex(refuse, 8, 0, bytesOf('no!'))).toBe(squeezed(golden.refusal));
  });

  it('of hellos and proofs is that of version 1', () => {
    expect(hex(encodeHello(hello))).toBe(squeezed(golden.hello));
    expect(decodeHello(encodeHello(hello))).toEqual(hello);
    const proved = transcript({
      role: 'dialler',
      version: 1,
      seen: 7,
      dialler: abc,
      acceptor: bytesOf('xy'),
    });
    expect(hex(proved)).toBe(squeezed(golden.transcript));
  });
});

describe('a header', () => {
  it('has nothing where nothing belongs', () => {
    const { heartbeat, message, request, streamEnd, credit, proof } = frameType;
    type Header = readonly [number, number, number, number, number];
    const good: readonly Header[] = [
      [heartbeat, 0, 0, 0, 0],
      [message, 0, 9, 0, 100],
      [request, 0, 9, 9, 0],
      [streamEnd, 0, 0, 9, 0],
      [credit, 0, 0, 9, 4],
      [proof, 0, 0, 9, 32],
    ];
    const bad: readonly Header[] = [
      [0, 0, 0, 0, 0],
      [5, 0, 0, 0, 0],
      [27, 0, 0, 0, 0],
      [255, 0, 0, 0, 0],
      [heartbeat, 0, 0, 0, 1],
      [heartbeat, 0, 1, 0, 0],
      [message, 1, 9, 0, 100],
      [message, 0, 9, 1, 100],
      [streamEnd, 0, 1, 9, 0],
      [streamEnd, 0, 0, 9, 1],
      [credit, 0, 0, 9, 3],
      [proof, 0, 0, 9, 31],
    ];
    for (const header of good) expect(problemOf(...header), String(header)).toBeUndefined();
    for (const header of bad) expect(problemOf(...header), String(header)).toMatch(/^sent a frame of /);
  });
});

describe('a hello', () => {
  const bytes = encodeHello(hello);

  it('may be longer than this version knows', () => {
    expect(decodeHello(new Uint8Array([...bytes, 1, 2, 3]))).toEqual(hello);
  });

  it('is none when it is cut anywhere', () => {
    for (let length = 0; length < bytes.length; length++) {
      expect(decodeHello(bytes.subarray(0, length)), `${length}`).toBeUndefined();
    }
  });

  it('is none with an empty name, a wrong text, or more than it may hold', () => {
    expect(decodeHello(encodeHello({ ...hello, address: '' }))).toBeUndefined();
    expect(decodeHello(encodeHello({ ...hello, session: 'x'.repeat(65) }))).toBeUndefined();
    expect(decodeHello(encodeHello({ ...hello, session: 'a life: x~' }))).toBeDefined();
    for (const session of ['a\n', '\u001b[2J', 'ä', '\u202e']) {
      expect(decodeHello(encodeHello({ ...hello, session })), session).toBeUndefined();
    }
    for (const address of ['a', 'a:0', 'a b:1', 'a\n:1', '\u001b[2J:1', '\u202ea:1', '[:\u0085:]:1']) {
      expect(decodeHello(encodeHello({ ...hello, address })), address).toBeUndefined();
    }
    expect(decodeHello(encodeHello({ ...hello, payload: new Uint8Array(1025) }))).toBeUndefined();
    const wrongText = bytes.slice();
    wrongText[45] = 0xff;
    expect(decodeHello(wrongText)).toBeUndefined();
    const wrongFlag = bytes.slice();
    wrongFlag[4] = 2;
    expect(decodeHello(wrongFlag)).toBeUndefined();
  });
});
