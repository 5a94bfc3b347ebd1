import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionHandlers } from '../host/index.ts';
import { encodeHello, nonceBytes } from './hello.ts';
import { bytesOf, textOf } from './testing/process.ts';
import { Rogue } from './testing/rogue.ts';
import { type LinkStage, linked, processes } from './testing/stage.ts';
import { stages } from './testing/stages.ts';
import { Stranger } from './testing/stranger.ts';
import { frameType, magic } from './wire.ts';

const key = { clusterKey: 'the key' };

function helloOf(address: string, session = `session of ${address}`): Uint8Array {
  return encodeHello({
    versionMin: 1,
    versionMax: 1,
    keyed: true,
    nonce: new Uint8Array(nonceBytes),
    streamWindowBytes: 1,
    address,
    session,
    payload: new Uint8Array(0),
  });
}

describe.each(stages)('a handshake: %s', (_name, make: () => LinkStage) => {
  it('needs the same key on both sides, and both say so', async () => {
    const stage = make();
    const [a, b] = await processes(stage, key, { clusterKey: 'another' });
    a.connect(b);
    await stage.until(() => a.events.length > 0 && b.events.length > 0, 'both say so');
    expect([...a.refusals(), ...b.refusals()].sort()).toEqual(['key-wrong here', 'key-wrong there']);
    expect([...a.log, ...b.log]).toEqual([]);
    const why = a.events.map((event) => (event.type === 'refused' ? event.why : ''));
    expect(why.join()).toContain('different cluster keys: start both with the same one.');
    await stage.close?.();
  });

  it('needs a key on both sides or on none', async () => {
    const stage = make();
    const [a, b, c] = await processes(stage, key, {}, {});
    a.connect(b);
    await stage.until(() => a.events.length > 0 && b.events.length > 0, 'both say so');
    expect([a.refusals(), b.refusals()]).toEqual([['key-unexpected there'], ['key-unexpected here']]);
    if (c === undefined) throw new Error('There are three.');
    c.connect(a);
    await stage.until(() => c.events.length > 0 && a.events.length > 1, 'both say so');
    expect([a.refusals().at(-1), c.refusals()]).toEqual(['key-missing here', ['key-missing there']]);
    b.connect(c);
    await stage.until(() => b.isUp(c) && c.isUp(b), 'without keys it stands');
    expect(b.events.map(({ type }) => type).slice(-2)).toEqual(['up', 'unproved']);
    expect(b.link(c)?.peer?.proved).toBe(false);
    await stage.close?.();
  });

  it('is reported once while the reason stays the same', async () => {
    const stage = make();
    const [a, b] = await processes(stage, { ...key, limits: { refusedRetryMs: 20 } }, {});
    a.connect(b);
    await stage.until(() => b.events.length >= 3, 'it was tried three times');
    expect(a.refusals()).toEqual(['key-unexpected there']);
    await stage.close?.();
  });

  it('needs a version that both speak', async () => {
    const stage = make();
    const [a, b] = await processes(stage, { versions: { min: 2, max: 3 } }, {});
    b.connect(a);
    await stage.until(() => a.events.length > 0 && b.events.length > 0, 'both say so');
    expect([a.refusals(), b.refusals()]).toEqual([['version here'], ['version there']]);
    await stage.close?.();
  });

  it('with oneself is refused', async () => {
    const stage = make();
    const [a] = await processes(stage, {});
    a.connect(a);
    await stage.until(() => a.events.length > 1, 'it says so');
    expect(a.refusals().sort()).toEqual(['self here', 'self there']);
    expect(a.log).toEqual([]);
    await stage.close?.();
  });

  it('has to end in time', async () => {
    const stage = make();
    const [a] = await processes(stage, { limits: { handshakeMs: 100 } });
    const stranger = new Stranger(stage.place(1).host, a);
    stranger.say(magic.subarray(0, 5));
    await stage.until(() => stranger.closed, 'it is closed');
    expect(a.refusals()).toEqual(['timeout here']);
    await stage.close?.();
  });

  it('is not carried on with what does not speak this protocol', async () => {
    const stage = make();
    const [a] = await processes(stage, {});
    const http = new Stranger(stage.place(1).host, a);
    http.say(bytesOf('GET / HTTP/1.1\r\n\r\n'));
    await stage.until(() => http.closed, 'it is closed');
    const long = new Stranger(stage.place(1).host, a);
    long.say(magic);
    long.frame(frameType.hello, 0, 0, new Uint8Array(2049));
    await stage.until(() => long.closed, 'it is closed');
    const early = new Stranger(stage.place(1).host, a);
    early.say(magic);
    early.frame(frameType.message, 1, 0, bytesOf('let me in'));
    await stage.until(() => early.closed, 'it is closed');
    expect(a.refusals()).toEqual(['not-a-link here', 'not-a-link here', 'malformed here']);
    expect(textOf(early.heard[0]?.subarray(0, 8))).toBe('HOLDLNK1');
    expect(a.log).toEqual([]);
    await stage.close?.();
  });

  it('is not begun with more strangers than the bound; those inside go on', async () => {
    const stage = make();
    const [a, b] = await linked(stage, { limits: { handshakesMax: 3, handshakeMs: 300 } });
    const strangers = Array.from({ length: 5 }, () => new Stranger(stage.place(2).host, a));
    await stage.until(() => strangers.filter(({ closed }) => closed).length >= 2, 'two are turned away');
    expect(a.refusals()).toEqual(['busy here', 'busy here']);
    b.link(a)?.send(1, bytesOf('still here'));
    await stage.until(() => a.log.includes('1 still here'), 'the link goes on');
    await stage.until(() => strangers.every(({ closed }) => closed), 'the others are too slow');
    expect(a.refusals().slice(2)).toEqual(['timeout here', 'timeout here', 'timeout here']);
    await stage.close?.();
  });

  it('is not kept from a peer by strangers that hold all places', async () => {
    const stage = make();
    const [a, b] = await processes(stage, { ...key, limits: { handshakesMax: 3 } }, key);
    const { host } = stage.place(2);
    const strangers = Array.from({ length: 3 }, () => new Stranger(host, a));
    const comeBack = (): void => {
      for (const [index, { closed }] of strangers.entries()) {
        if (closed) strangers[index] = new Stranger(host, a);
      }
    };
    await stage.pass(20);
    b.connect(a);
    const startMs = host.clock.nowMs();
    await stage.until(() => {
      comeBack();
      return a.isUp(b) && b.isUp(a);
    }, 'the peer gets in');
    expect(host.clock.nowMs() - startMs).toBeLessThan(1000);
    await stage.close?.();
  });

  it('goes on with who has said a hello, while others have not', async () => {
    const stage = make();
    const [a] = await processes(stage, { ...key, limits: { handshakesMax: 2 } });
    const { host } = stage.place(1);
    const come = async (name?: string): Promise<Stranger> => {
      const stranger = new Stranger(host, a);
      if (name !== undefined) {
        stranger.say(magic);
        stranger.frame(frameType.hello, 0, 0, helloOf(`${name}:1`));
        await stage.until(() => stranger.heard.length > 0, 'it is answered');
      }
      await stage.pass(20);
      return stranger;
    };
    const [first, silent, second] = [await come('first'), await come(), await come('second')];
    const closed = (): boolean[] => [first, silent, second].map((each) => each.closed);
    await stage.until(() => silent.closed, 'the silent one goes');
    expect(closed()).toEqual([false, true, false]);
    await come();
    await stage.until(() => first.closed, 'then the oldest');
    expect(closed()).toEqual([true, true, false]);
    await stage.close?.();
  });

  it('leaves nothing in events that a terminal would obey', async () => {
    const stage = make();
    const [a] = await processes(stage, {});
    const bad = '\u001b[2J\nall is well';
    const said = [
      [bad, 'x'],
      [`${bad}:1`, 'x'],
      ['a b:1', 'x'],
      ['z:1', bad],
    ] as const;
    for (const [address, session] of said) {
      const stranger = new Stranger(stage.place(1).host, a);
      stranger.say(magic);
      stranger.frame(frameType.hello, 0, 0, helloOf(address, session));
      await stage.until(() => stranger.closed, 'it is refused');
    }
    expect(a.refusals()).toEqual(said.map(() => 'malformed here'));
    const rogue = new Rogue(stage.place(1).host, a, 'z:1');
    await stage.until(() => rogue.settled && a.log.length === 1, 'it is a peer');
    rogue.send(frameType.refuse, 1, 0, bytesOf(`${bad}\u2028${bad}`));
    await stage.until(() => a.log.length === 2, 'it is gone');
    const texts = a.events.flatMap((event) =>
      [...Object.values(event)].map((part) => JSON.stringify(part)),
    );
    expect(texts.filter((text) => /[\p{Cc}\p{Zl}]|\\u|\\n/u.test(text))).toEqual([]);
    await stage.close?.();
  });

  it('works on a port that others share, whose first bytes were read before', async () => {
    const stage = make();
    const [a, b] = await linked(stage, {}, { shared: true });
    a.link(b)?.send(1, bytesOf('hello'));
    b.link(a)?.send(1, bytesOf('hello'));
    await stage.until(() => a.log.length === 2 && b.log.length === 2, 'messages come');
    await stage.close?.();
  });

  it('needs to be with the process that was dialled', async () => {
    const stage = make();
    const [a, b] = await processes(stage, {}, {});
    const { host, ip } = stage.place(2);
    let port = 0;
    const accept = (connection: Connection): ConnectionHandlers => b.links.accept(connection);
    host.network.listen({ host: ip, port: 0 }, accept, (outcome) => {
      if (outcome.ok) port = outcome.listener.address.port;
    });
    await stage.until(() => port > 0, 'it listens');
    a.links.connect(`${ip}:${port}`);
    await stage.until(() => a.events.length > 0 && b.events.length > 0, 'both say so');
    expect([a.refusals(), b.refusals()]).toEqual([['wrong-address here'], ['wrong-address there']]);
    await stage.close?.();
  });
});
