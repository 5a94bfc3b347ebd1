import { describe, expect, it } from 'vitest';
import { seedOf } from '../host/acceptance/index.ts';
import { Prng } from '../std/index.ts';
import type { LinkStream } from './index.ts';
import { bytesOf } from './testing/process.ts';
import { Rogue } from './testing/rogue.ts';
import { type LinkStage, linked, type ProcessChoices } from './testing/stage.ts';
import { simulatedStage, stages } from './testing/stages.ts';
import { frameType } from './wire.ts';

const seed = seedOf(import.meta.url);
const open = { clusterKey: undefined };

/** A process with a good link and one to a rogue, and the rogue. */
async function besieged(
  stage: LinkStage,
  name: string,
  choices: ProcessChoices = {},
): Promise<{ log: string[]; rogue: Rogue; goesOn: () => Promise<void> }> {
  const [a, b] = await linked(stage, { ...open, ...choices }, open);
  const rogue = new Rogue(stage.place(2).host, a, name);
  await stage.until(() => rogue.settled && a.log.length === 2, 'it is a peer');
  let asked = 0;
  const goesOn = async (): Promise<void> => {
    b.link(a)?.send(1, bytesOf(`still here ${++asked}`));
    await stage.until(() => a.log.includes(`1 still here ${asked}`), 'the other link goes on');
  };
  return { log: a.log, rogue, goesOn };
}

const handlers = { data: () => {}, closed: () => {} };

describe.each(stages)('a peer that breaks the protocol: %s', (_name, make: () => LinkStage) => {
  const { message, hello, adopt, streamOpen, streamData, streamEnd, credit } = frameType;
  const u32 = (value: number): Uint8Array =>
    new Uint8Array([value >>> 24, value >>> 16, value >>> 8, value]);
  const breaches: [string, (rogue: Rogue) => void][] = [
    ['noise', (rogue) => rogue.say(new Uint8Array(100).fill(0xee))],
    ['an unknown type', (rogue) => rogue.send(99)],
    [
      'a frame over the bound',
      (rogue) => rogue.say(new Uint8Array([0xff, 0, 0, 0, message, 0, 0, 1, 0, 0, 0, 0])),
    ],
    ['a wrong length', (rogue) => rogue.send(credit, 0, 1, new Uint8Array(5))],
    ['a second hello', (rogue) => rogue.send(hello)],
    ['a second adoption', (rogue) => rogue.send(adopt, 0, 7)],
    ['a stream under our number', (rogue) => rogue.send(streamOpen, 1, 2)],
    [
      'more on a stream than it may',
      (rogue) => {
        rogue.send(streamOpen, 1, 1);
        rogue.send(streamData, 0, 1, new Uint8Array(101));
      },
    ],
    [
      'data after the end of a stream',
      (rogue) => {
        rogue.send(streamOpen, 1, 1);
        rogue.send(streamEnd, 0, 1);
        rogue.send(streamData, 0, 1, new Uint8Array(1));
      },
    ],
    [
      'a second end of a stream',
      (rogue) => {
        rogue.send(streamOpen, 1, 1);
        rogue.send(streamEnd, 0, 1);
        rogue.send(streamEnd, 0, 1);
      },
    ],
    [
      'more credit than there is',
      (rogue) => {
        rogue.send(streamOpen, 1, 1);
        rogue.send(credit, 0, 1, u32(1));
      },
    ],
    [
      'a stream opened twice',
      (rogue) => {
        rogue.send(streamOpen, 1, 1);
        rogue.send(streamOpen, 1, 1);
      },
    ],
  ];
  for (const [name, breach] of breaches) {
    it(`is dropped for ${name}, and nobody else`, async () => {
      const stage = make();
      const limits = { streamWindowBytes: 100 };
      const { log, rogue, goesOn } = await besieged(stage, 'rogue:1', {
        limits,
        listener: { stream: () => handlers },
      });
      rogue.send(message, 1, 0, bytesOf('before'));
      breach(rogue);
      rogue.send(message, 1, 0, bytesOf('after'));
      await stage.until(() => rogue.closed && log.includes('down garbage'), 'it is dropped');
      expect(log.slice(1)).toEqual(['up session of rogue:1', '1 before', 'down garbage']);
      await goesOn();
      await stage.close?.();
    });
  }

  it('may speak of streams and requests that are over', async () => {
    const stage = make();
    const { log, rogue, goesOn } = await besieged(stage, '1.1.1.1:1');
    for (const type of [
      streamData,
      streamEnd,
      frameType.streamReset,
      frameType.answer,
      frameType.rejection,
    ]) {
      rogue.send(type, 0, 77);
    }
    rogue.send(credit, 0, 77, u32(5));
    rogue.send(message, 1, 0, bytesOf('fine'));
    await stage.until(() => log.includes('1 fine'), 'nothing has happened');
    await goesOn();
    await stage.close?.();
  });

  it('is dropped when it leaves too much unread', async () => {
    const stage = make();
    const { log, rogue, goesOn } = await besieged(stage, '1.1.1.1:1', {
      limits: { queueBytesMax: 1_000_000, queueBytesHardMax: 3_000_000, requestsServedMax: 1000 },
      listener: { request: (_link, _kind, _payload, reply) => reply.answer(new Uint8Array(100_000)) },
    });
    rogue.setReading(false);
    for (let id = 0; id < 200; id++) rogue.send(frameType.request, 1, id);
    await stage.until(() => log.includes('down overflow'), 'it is dropped');
    await goesOn();
    await stage.close?.();
  });
});

describe('a link', () => {
  it('survives whatever a peer sends after its handshake', async () => {
    const prng = new Prng(seed);
    const types = Object.values(frameType);
    for (let round = 0; round < 60; round++) {
      const stage = simulatedStage();
      const streams: LinkStream[] = [];
      const { log, rogue, goesOn } = await besieged(stage, prng.chance(0.5) ? '0:1' : 'z:1', {
        listener: {
          request: (_link, _kind, payload, reply) => reply.answer(payload),
          stream: (_link, _kind, _payload, stream) => {
            streams.push(stream);
            return { ...handlers, data: (bytes) => stream.consumed(bytes.length) };
          },
        },
      });
      for (let frames = 0; frames < 100; frames++) {
        const type = prng.chance(0.01) ? prng.below(256) : (types[prng.below(types.length)] ?? 0);
        const bare: number[] = [frameType.message, frameType.heartbeat, frameType.close];
        const id = bare.includes(type) ? 0 : prng.chance(0.8) ? prng.below(10) : prng.u32();
        if (prng.chance(0.005)) rogue.say(prng.bytes(prng.below(30)));
        else if (type === frameType.credit) rogue.send(type, 0, id, prng.bytes(4));
        else if (type === frameType.streamEnd || bare.includes(type)) rogue.send(type, 0, id);
        else if (type >= frameType.heartbeat) rogue.send(type, 0, id, prng.bytes(prng.below(20)));
        for (const stream of streams) if (prng.chance(0.1)) stream.write(prng.bytes(prng.below(100)));
        if (prng.chance(0.1)) await stage.pass(1);
      }
      await stage.pass(100);
      await goesOn();
      const ends = log.filter((line) => line.startsWith('down'));
      expect(ends.length, `round ${round}, seed ${seed}`).toBeLessThanOrEqual(1);
      await stage.close?.();
    }
  });

  it('is kept alive by one heartbeat each quarter of a second, when nothing else is said', async () => {
    const stage = simulatedStage();
    const { rogue, log } = await besieged(stage, 'z:1');
    for (let beats = 0; beats < 40; beats++) {
      rogue.send(frameType.heartbeat);
      await stage.pass(250);
    }
    expect(log.includes('silent')).toBe(false);
    const heartbeats = rogue.frames.filter(({ type }) => type === frameType.heartbeat).length;
    expect(rogue.frames.length).toBe(heartbeats);
    expect(heartbeats).toBeGreaterThanOrEqual(39);
    expect(heartbeats).toBeLessThanOrEqual(50);
  });
});
