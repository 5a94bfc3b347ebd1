import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeHello, type Hello } from '../hello.ts';
import { encodeReason } from '../reason.ts';
import { type RefusalReason, refusalCode } from '../refusal.ts';
import { frameType } from '../wire.ts';
import { Handshake, type HandshakeOptions } from './handshake.ts';
import type { HandshakeEffect, HandshakeEvent } from './handshake-events.ts';
import { transcript } from './transcript.ts';

const nothing = new Uint8Array(0);

function mac(key: string): (bytes: Uint8Array) => Uint8Array {
  return (bytes) => createHmac('sha256', key).update(bytes).digest();
}

function helloOf(name: string, changes: Partial<Hello> = {}): Hello {
  const nonce = new Uint8Array(32).fill(name.charCodeAt(0));
  return {
    versionMin: 1,
    versionMax: 1,
    keyed: true,
    nonce,
    streamWindowBytes: 1000,
    address: `${name}:1`,
    session: `session of ${name}`,
    payload: new TextEncoder().encode(name),
    ...changes,
  };
}

interface Side {
  readonly hello?: Partial<Hello>;
  readonly key?: string | undefined;
  readonly seen?: number;
  /** As the arbiter: the number of the adoption, or a refusal. */
  readonly verdict?: number | 'refuse';
  /** Looks at what it is about to send; undefined swallows it. */
  readonly tamper?: (frame: Extract<HandshakeEffect, { type: 'send' }>) => typeof frame | undefined;
}

class Player {
  readonly log: string[] = [];
  readonly handshake: Handshake;
  readonly #side: Side;
  readonly #out: Extract<HandshakeEffect, { type: 'send' }>[];

  constructor(
    options: Omit<HandshakeOptions, 'mac' | 'seen'>,
    side: Side,
    out: Extract<HandshakeEffect, { type: 'send' }>[],
  ) {
    const { key, seen = 0 } = side;
    this.#side = side;
    this.#out = out;
    this.handshake = new Handshake({
      ...options,
      mac: key === undefined ? undefined : mac(key),
      seen: () => seen,
    });
  }

  step(event: HandshakeEvent): void {
    for (const effect of this.handshake.step(event)) this.#run(effect);
  }

  #run(effect: HandshakeEffect): void {
    const { verdict = 5, tamper } = this.#side;
    switch (effect.type) {
      case 'send': {
        const frame = tamper === undefined ? effect : tamper(effect);
        if (frame !== undefined) this.#out.push(frame);
        return;
      }
      case 'introduced':
        return;
      case 'candidate':
        this.log.push(`candidate ${effect.peer.address} seen ${effect.seen}`);
        if (verdict !== 'refuse') this.step({ type: 'adopt', number: verdict });
        else
          this.step({ type: 'refuse', refusal: { reason: 'duplicate', why: 'There is a link already.' } });
        return;
      case 'settled': {
        const { address, version, proved, hello } = effect.peer;
        const name = new TextDecoder().decode(hello);
        this.log.push(`settled ${address} ${name} v${version} proved ${proved} #${effect.number}`);
        return;
      }
      case 'refused':
        this.log.push(`${effect.there ? 'refused there' : 'refuses'}: ${effect.refusal.reason}`);
    }
  }
}

/** Two sides shake hands, `a` dials; undefined sides are like the other. What each has to say of it. */
function shake(a: Side, b: Side, expected = 'b:1'): { a: string[]; b: string[] } {
  const [toB, toA]: Extract<HandshakeEffect, { type: 'send' }>[][] = [[], []];
  if (toA === undefined || toB === undefined) throw new Error('There are two.');
  const own = (name: string, side: Side): Hello =>
    helloOf(name, { keyed: side.key !== undefined, ...side.hello });
  const dialler = new Player({ role: 'dialler', own: own('a', a), expected }, a, toB);
  const acceptor = new Player({ role: 'acceptor', own: own('b', b) }, b, toA);
  acceptor.step({ type: 'start' });
  dialler.step({ type: 'start' });
  for (let frames = 0; frames < 20 && toA.length + toB.length > 0; frames++) {
    const [player, sent] = toB.length > 0 ? [acceptor, toB.shift()] : [dialler, toA.shift()];
    const { frame = 0, kind = 0, id = 0, payload = nothing } = sent ?? {};
    player.step({ type: 'frame', frame, kind, id, payload });
  }
  return { a: dialler.log, b: acceptor.log };
}

const key = 'the key';

describe('a handshake', () => {
  it('proves both sides to each other, and the smaller address decides', () => {
    expect(shake({ key }, { key, seen: 3 })).toEqual({
      a: ['candidate b:1 seen 3', 'settled b:1 b v1 proved true #5'],
      b: ['settled a:1 a v1 proved true #5'],
    });
    const z = { key, hello: { address: 'z:1' }, seen: 4 };
    expect(shake(z, { key, verdict: 6 })).toEqual({
      a: ['settled b:1 b v1 proved true #6'],
      b: ['candidate z:1 seen 4', 'settled z:1 a v1 proved true #6'],
    });
  });

  it('settles without proof when neither side has a key', () => {
    expect(shake({}, {})).toEqual({
      a: ['candidate b:1 seen 0', 'settled b:1 b v1 proved false #5'],
      b: ['settled a:1 a v1 proved false #5'],
    });
  });

  it('takes the highest version both speak', () => {
    const spoken = (min: number, max: number): Side => ({ hello: { versionMin: min, versionMax: max } });
    expect(shake(spoken(1, 5), spoken(2, 3)).a.at(-1)).toContain(' v3 ');
    expect(shake(spoken(3, 3), spoken(1, 9)).b.at(-1)).toContain(' v3 ');
    expect(shake(spoken(4, 5), spoken(2, 3))).toEqual({
      a: ['refused there: version'],
      b: ['refuses: version'],
    });
    expect(shake(spoken(1, 1), spoken(2, 3))).toEqual({
      a: ['refused there: version'],
      b: ['refuses: version'],
    });
  });

  it('passes on what the arbiter refuses', () => {
    expect(shake({ verdict: 'refuse' }, {})).toEqual({
      a: ['candidate b:1 seen 0', 'refuses: duplicate'],
      b: ['refused there: duplicate'],
    });
  });
});

describe('a handshake is refused', () => {
  const cases: [string, Side, Side, RefusalReason, 'by a' | 'by b'][] = [
    ['with another key', { key }, { key: 'another' }, 'key-wrong', 'by a'],
    ['by one with a key to one without', {}, { key }, 'key-missing', 'by b'],
    ['by one without a key to one with', { key }, {}, 'key-unexpected', 'by b'],
    ['to itself', { hello: { session: 'session of b' } }, {}, 'self', 'by b'],
    ['to another at the same address', { hello: { address: 'b:1' } }, {}, 'wrong-address', 'by b'],
    ['to one that is somewhere else', {}, { hello: { address: 'c:1' } }, 'wrong-address', 'by a'],
  ];
  for (const [name, a, b, reason, by] of cases) {
    it(name, () => {
      const [here, there] = [`refuses: ${reason}`, `refused there: ${reason}`];
      expect(shake(a, b)).toEqual(by === 'by a' ? { a: [here], b: [there] } : { a: [there], b: [here] });
    });
  }

  it('when anything of it was changed on the way', () => {
    const flip = (bytes: Uint8Array, at: number): Uint8Array => {
      const flipped = bytes.slice();
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      return flipped;
    };
    const total = encodeHello(helloOf('a')).length;
    for (let at = 0; at < total; at++) {
      const tamper: Side['tamper'] = (sent) =>
        sent.frame === frameType.hello ? { ...sent, payload: flip(sent.payload ?? nothing, at) } : sent;
      for (const [a, b] of [
        [{ key, tamper }, { key }],
        [{ key }, { key, tamper }],
      ] as const) {
        const { a: left, b: right } = shake(a, b);
        expect(
          [...left, ...right].some((line) => line.startsWith('settled')),
          `byte ${at}`,
        ).toBe(false);
        expect(
          [...left, ...right].some((line) => line.startsWith('refuses')),
          `byte ${at}`,
        ).toBe(true);
      }
    }
  });

  it('when what was seen is changed on the way', () => {
    const tamper: Side['tamper'] = (sent) => (sent.frame === frameType.proof ? { ...sent, id: 9 } : sent);
    expect(shake({ key }, { key, tamper }).a).toEqual(['refuses: key-wrong']);
    expect(shake({ key, tamper }, { key }).b).toEqual(['refuses: key-wrong']);
  });

  it('when the proof is missing, cut, or the prover sends back what it got', () => {
    for (const length of [0, 31]) {
      const tamper: Side['tamper'] = (sent) =>
        sent.frame === frameType.proof
          ? { ...sent, payload: sent.payload?.subarray(0, length) ?? nothing }
          : sent;
      expect(shake({ key }, { key, tamper }).a).toEqual(['refuses: key-wrong']);
    }
    // One without the key that has got the proof of the other side, and gives it back as its own.
    const thief = helloOf('a');
    const acceptor = new Handshake({ role: 'acceptor', own: helloOf('b'), mac: mac(key), seen: () => 0 });
    acceptor.step({ type: 'start' });
    const frame = (type: number, payload: Uint8Array): readonly HandshakeEffect[] =>
      acceptor.step({ type: 'frame', frame: type, kind: 0, id: 0, payload });
    const stolen = frame(frameType.hello, encodeHello(thief)).find(
      (effect) => effect.type === 'send' && effect.frame === frameType.proof,
    );
    const payload = stolen?.type === 'send' ? (stolen.payload ?? nothing) : nothing;
    expect(payload.length).toBe(32);
    expect(frame(frameType.proof, payload).at(-1)).toMatchObject({ refusal: { reason: 'key-wrong' } });
  });

  it('when a frame comes that does not belong there', () => {
    const all = Object.values(frameType).filter((type) => type !== frameType.refuse);
    for (const role of ['dialler', 'acceptor'] as const) {
      for (const type of all) {
        const handshake = new Handshake({ role, own: helloOf('b'), mac: mac(key), seen: () => 0 });
        handshake.step({ type: 'start' });
        const effects = handshake.step({ type: 'frame', frame: type, kind: 0, id: 0, payload: nothing });
        expect(effects.at(-1), `${role} ${type}`).toMatchObject({
          refusal: { reason: 'malformed' },
          there: false,
        });
        expect(effects.at(-2)).toMatchObject({ type: 'send', frame: frameType.refuse });
        expect(handshake.step({ type: 'frame', frame: type, kind: 0, id: 0, payload: nothing })).toEqual(
          [],
        );
      }
    }
  });

  it('with a reason that is fit to be shown, whatever the peer says', () => {
    const handshake = new Handshake({ role: 'dialler', own: helloOf('a'), mac: undefined, seen: () => 0 });
    handshake.step({ type: 'start' });
    const payload = new TextEncoder().encode(`\u001b[31mred${'x'.repeat(1000)}`);
    const [effect] = handshake.step({ type: 'frame', frame: frameType.refuse, kind: 999, id: 0, payload });
    expect(effect).toMatchObject({ refusal: { reason: 'malformed' }, there: true });
    const why = effect?.type === 'refused' ? effect.refusal.why : '';
    expect(why).toMatch(/^\?\[31mredx+$/);
    expect(why.length).toBe(200);
    expect(encodeReason('ä'.repeat(200)).length).toBe(200);
    expect(new Set(Object.values(refusalCode)).size).toBe(Object.keys(refusalCode).length);
  });
});

describe('a transcript', () => {
  it('differs when any part of it does', () => {
    const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
    const of = {
      role: 'dialler',
      version: 1,
      seen: 0,
      dialler: bytes('ab'),
      acceptor: bytes('c'),
    } as const;
    const others = [
      of,
      { ...of, role: 'acceptor' as const },
      { ...of, version: 2 },
      { ...of, seen: 1 },
      { ...of, dialler: bytes('a'), acceptor: bytes('bc') },
    ];
    expect(new Set(others.map((one) => Buffer.from(transcript(one)).toString('hex'))).size).toBe(5);
  });
});
