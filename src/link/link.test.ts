import { describe, expect, it } from 'vitest';
import type { LinkListener, RequestOutcome } from './index.ts';
import { bytesOf, textOf } from './testing/process.ts';
import { Rogue } from './testing/rogue.ts';
import { type LinkStage, linked, processes } from './testing/stage.ts';
import { simulatedStage, stages } from './testing/stages.ts';

const bound = { limits: { queueBytesMax: 1000 } };

describe.each(stages)('messages: %s', (_name, make: () => LinkStage) => {
  it('go both ways, in order', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    for (let index = 0; index < 1000; index++) {
      expect(a.link(b)?.send(7, bytesOf(`a${index}`))).toBe(true);
      expect(b.link(a)?.send(65_535, bytesOf(`b${index}`))).toBe(true);
    }
    await stage.until(() => b.log.length === 1001 && a.log.length === 1001, 'all have come');
    const numbers = Array.from({ length: 1000 }, (_, index) => index);
    expect(b.log).toEqual(['up session-0', ...numbers.map((index) => `7 a${index}`)]);
    expect(a.log).toEqual(['up session-1', ...numbers.map((index) => `65535 b${index}`)]);
    await stage.close?.();
  });

  it('may be empty, and as long as four megabytes', async () => {
    const stage = make();
    const lengths: number[] = [];
    const [a, b] = await linked(
      stage,
      {},
      { listener: { message: (_, __, { length }) => lengths.push(length) } },
    );
    const link = a.connect(b);
    for (const length of [0, 1, 4 * 1024 * 1024, 0]) {
      await stage.until(() => link.send(1, new Uint8Array(length)), 'it is taken');
    }
    await stage.until(() => lengths.length === 4, 'all have come');
    expect(lengths).toEqual([0, 1, 4 * 1024 * 1024, 0]);
    expect(() => link.send(1, new Uint8Array(4 * 1024 * 1024 + 1))).toThrow('payloadBytesMax');
    expect(() => link.send(65_536, new Uint8Array(1))).toThrow('2^16');
    await stage.close?.();
  });

  it('are not taken when too much is queued, and again when it has left', async () => {
    const stage = make();
    const drained: number[] = [];
    const [a, b] = await linked(stage, {
      ...bound,
      listener: { drained: (link) => drained.push(link.queuedBytes) },
    });
    const link = a.connect(b);
    let taken = 0;
    while (link.send(1, new Uint8Array(88))) taken++;
    expect(taken).toBe(10);
    expect(link.queuedBytes).toBe(1000);
    expect(drained).toEqual([]);
    await stage.until(() => drained.length > 0 && b.log.length === 11, 'the queue is short again');
    expect(drained).toEqual([0]);
    expect(link.send(1, new Uint8Array(1))).toBe(true);
    await stage.close?.();
  });

  it('are not taken while the link is down', async () => {
    const stage = make();
    const [a, b] = await processes(stage, {}, {});
    const link = a.connect(b);
    expect(link.send(1, bytesOf('x'))).toBe(false);
    expect(link.peer).toBeUndefined();
    await stage.until(() => link.peer !== undefined, 'it is up');
    expect(link.peer).toMatchObject({
      address: b.address,
      session: 'session-1',
      version: 1,
      proved: false,
    });
    expect(textOf(link.peer?.hello)).toBe('hello of session-1');
    expect(a.connect(b)).toBe(link);
    expect([...a.links.links()]).toEqual([link]);
    await stage.close?.();
  });

  it('leave at once when they are flushed', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    const link = a.connect(b);
    link.send(1, bytesOf('x'));
    expect(link.queuedBytes).toBe(13);
    link.flush();
    expect(link.queuedBytes).toBe(0);
    await stage.until(() => b.log.includes('1 x'), 'it has come');
    await stage.close?.();
  });
});

describe.each(stages)('requests: %s', (_name, make: () => LinkStage) => {
  it('are answered, refused, or time out', async () => {
    const stage = make();
    const outcomes: Record<string, RequestOutcome> = {};
    const [a, b] = await linked(
      stage,
      {},
      {
        listener: {
          request: (_link, kind, payload, reply) => {
            if (kind === 1) reply.answer(bytesOf(`${textOf(payload)}, too`));
            if (kind === 2) reply.refuse('not today');
          },
        },
      },
    );
    const link = a.connect(b);
    for (const [name, kind] of Object.entries({ answered: 1, refused: 2, silent: 3 })) {
      link.request(kind, bytesOf(name), 100, (outcome) => {
        expect(outcomes[name]).toBeUndefined();
        outcomes[name] = outcome;
      });
    }
    b.connect(a).request(1, bytesOf('x'), 100, (outcome) => {
      outcomes.nobody = outcome;
    });
    expect(outcomes).toEqual({});
    await stage.until(() => Object.keys(outcomes).length === 4, 'all are settled');
    expect(outcomes.answered?.kind === 'answered' && textOf(outcomes.answered.payload)).toBe(
      'answered, too',
    );
    expect(outcomes.refused).toEqual({ kind: 'refused', reason: 'not today' });
    expect(outcomes.silent).toEqual({ kind: 'timeout' });
    expect(outcomes.nobody).toEqual({ kind: 'refused', reason: 'Nobody takes requests there.' });
    await stage.close?.();
  });

  it('are bounded, here and there', async () => {
    const stage = make();
    const outcomes: string[] = [];
    const request = (): undefined => undefined;
    const [a, b] = await linked(
      stage,
      { limits: { requestsMax: 3 } },
      { limits: { requestsServedMax: 2 }, listener: { request } },
    );
    for (let index = 0; index < 5; index++) {
      a.connect(b).request(1, bytesOf(''), 60, ({ kind }) => outcomes.push(kind));
    }
    await stage.until(() => outcomes.length === 5, 'all are settled');
    // On a slow machine a timeout may come before the refusal.
    expect(outcomes.sort()).toEqual(['busy', 'busy', 'refused', 'timeout', 'timeout']);
    await stage.close?.();
  });

  it('are bounded in bytes: beyond that a peer is not read, and not taken for silent', async () => {
    const stage = make();
    const limits = { heartbeatMs: 50, silenceMs: 150, deadMs: 400, requestsServedBytesMax: 1_000_000 };
    const held: (() => void)[] = [];
    const request: LinkListener['request'] = (_link, _kind, payload, reply) =>
      void held.push(() => reply.answer(payload.subarray(0, 1)));
    const [a, b] = await linked(stage, { limits }, { limits, listener: { request } });
    const outcomes: string[] = [];
    for (let index = 0; index < 16; index++) {
      const done = ({ kind }: RequestOutcome): void => void outcomes.push(kind);
      a.connect(b).request(1, new Uint8Array(250_000), 60_000, done);
    }
    await stage.until(() => held.length > 4, 'it has enough');
    await stage.pass(1000);
    expect(held.length).toBe(5);
    b.link(a)?.send(1, bytesOf('still here'));
    await stage.until(() => a.log.includes('1 still here'), 'it speaks');
    await stage.until(() => {
      for (const answer of held.splice(0)) answer();
      return outcomes.length === 16;
    }, 'all are answered');
    expect(outcomes).toEqual(Array.from({ length: 16 }, () => 'answered'));
    expect([a.log, b.log]).toEqual([['up session-1', '1 still here'], ['up session-0']]);
    await stage.close?.();
  });

  it('that are too much to read on are no hindrance to an end in good order', async () => {
    const stage = make();
    const limits = { requestsServedBytesMax: 1_000, closeMs: 600_000 };
    const request = (): undefined => undefined;
    const [a, b] = await linked(stage, { limits }, { limits, listener: { request } });
    for (let count = 0; count < 10; count++) {
      a.connect(b).request(1, new Uint8Array(200_000), 60_000, () => {});
    }
    await stage.pass(100);
    let done = false;
    const startMs = b.host.clock.nowMs();
    b.links.close(() => {
      done = true;
    });
    await stage.until(() => done && a.log.includes('down closed'), 'it is over');
    expect(b.host.clock.nowMs() - startMs).toBeLessThan(5_000);
    await stage.close?.();
  });

  it('that follow on one that the end of the link has settled are settled, too', async () => {
    const stage = make();
    const outcomes: string[] = [];
    const [a, b] = await linked(stage, {}, { listener: { request: () => {} } });
    const link = a.connect(b);
    link.request(1, bytesOf(''), 5000, () => {
      expect([
        link.peer,
        link.send(1, bytesOf('')),
        link.openStream(1, bytesOf(''), { data: () => {}, closed: () => {} }),
      ]).toEqual([undefined, false, undefined]);
      link.request(1, bytesOf(''), Number.POSITIVE_INFINITY, (outcome) => outcomes.push(outcome.kind));
    });
    b.close();
    await stage.until(() => outcomes.length === 1, 'it is settled');
    expect(outcomes).toEqual(['down']);
    await stage.close?.();
  });

  it('say when the link goes down whether they may have been delivered', async () => {
    const stage = make();
    const outcomes: RequestOutcome[] = [];
    const [a, b] = await linked(stage, {}, { listener: { request: () => {} } });
    const link = a.connect(b);
    const ask = (): void => link.request(1, bytesOf(''), 5000, (outcome) => outcomes.push(outcome));
    ask();
    link.flush();
    b.close();
    await stage.until(() => a.log.includes('down closed'), 'it is down');
    expect(outcomes).toEqual([{ kind: 'down', mayHaveBeenDelivered: true }]);
    ask();
    expect(outcomes.length).toBe(1);
    await stage.until(() => outcomes.length === 2, 'it is settled');
    expect(outcomes[1]).toEqual({ kind: 'down', mayHaveBeenDelivered: false });
    await stage.close?.();
  });
});

describe.each(stages)('closing: %s', (_name, make: () => LinkStage) => {
  it('sends what is queued before it', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    const link = a.connect(b);
    link.send(1, new Uint8Array(3 * 1024 * 1024).fill(65));
    link.send(2, bytesOf('last'));
    link.close();
    expect(a.log).toEqual(['up session-1']);
    expect(link.send(3, bytesOf('late'))).toBe(false);
    await stage.until(() => b.log.includes('down closed') && a.log.includes('down closed'), 'it is down');
    expect(b.log.map((line) => line.slice(0, 12))).toEqual([
      'up session-0',
      '1 AAAAAAAAAA',
      '2 last',
      'down closed',
    ]);
    expect([...a.links.links(), ...b.links.links()]).toEqual([]);
    await stage.close?.();
  });

  it('tells all that ends with it before another link comes up', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    const link = a.connect(b);
    link.close();
    link.close();
    expect([link.peer, [...a.links.links()]]).toEqual([undefined, []]);
    const next = a.connect(b);
    expect(next).not.toBe(link);
    await stage.until(() => next.peer !== undefined && b.isUp(a), 'it is up');
    expect([a.log, b.log]).toEqual([
      ['up session-1', 'down closed', 'up session-1'],
      ['up session-0', 'down closed', 'up session-0'],
    ]);
    await stage.close?.();
  });

  it('of all links says when it is done, and dials no more', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    let done = 0;
    a.links.close(() => done++);
    expect(done).toBe(0);
    await stage.until(() => done === 1, 'it is done');
    expect(() => a.connect(b)).toThrow('closed');
    b.connect(a);
    await stage.pass(300);
    expect(a.log).toEqual(['up session-1', 'down closed']);
    expect(b.log).toEqual(['up session-0', 'down closed']);
    await stage.close?.();
  });
});

describe.each(stages)('reconnecting: %s', (_name, make: () => LinkStage) => {
  it('follows a peer that comes back', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    const port = Number(b.address.split(':')[1]);
    b.close();
    await stage.until(() => a.log.includes('down closed'), 'it is down');
    const [again] = await processes(stage, { at: 1, port, session: 'another', clusterKey: 'the key' });
    await stage.until(() => a.isUp(again) && again.isUp(a), 'it is up again');
    expect(a.log).toEqual(['up session-1', 'down closed', 'up another']);
    a.link(again)?.send(1, bytesOf('hello'));
    await stage.until(() => again.log.includes('1 hello'), 'it works');
    await stage.close?.();
  });

  it('waits for a peer that is not there yet', async () => {
    const stage = make();
    const [a, b] = await processes(stage, {}, {});
    const port = Number(b.address.split(':')[1]);
    b.close();
    const link = a.connect(b);
    await stage.pass(200);
    const [late] = await processes(stage, { at: 1, port, session: 'late' });
    await stage.until(() => link.peer?.session === 'late', 'it is up');
    expect(late.address).toBe(b.address);
    expect(a.log).toEqual(['up late']);
    await stage.close?.();
  });

  it('is left to the side that asked for the link', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    a.link(b)?.close();
    await stage.until(() => b.log.includes('down closed'), 'it is down');
    await stage.pass(600);
    expect(b.log).toEqual(['up session-0', 'down closed']);
    expect(b.link(a)).toBeUndefined();
    await stage.close?.();
  });

  it('makes one link of two dials, and both sides agree on it', async () => {
    const stage = make();
    for (let round = 0; round < 20; round++) {
      const [a, b] = await processes(stage, {}, {});
      a.connect(b);
      b.connect(a);
      await stage.until(() => a.isUp(b) && b.isUp(a), 'it is up');
      await stage.pass(5);
      await stage.until(() => a.link(b)?.peer?.number === b.link(a)?.peer?.number, 'they agree');
      expect([a.log, b.log]).toEqual([['up session-1'], ['up session-0']]);
      a.close();
      b.close();
    }
    await stage.close?.();
  });
});

describe('a peer that is wanted here', () => {
  it('is asked rarely once it has closed again and again', async () => {
    const stage = simulatedStage();
    const [a, b] = await processes(stage, { listener: { up: (link) => link.close() } }, {});
    b.connect(a);
    const ups = (): number => b.log.filter((line) => line.startsWith('up')).length;
    await stage.pass(500);
    expect(ups()).toBe(2);
    await stage.pass(60_000);
    expect(ups()).toBeLessThan(12);
  });

  it('is dialled at once when it stops in good order and starts again', async () => {
    const stage = simulatedStage();
    const [a, first] = await processes(stage, {}, {});
    const port = Number(first.address.split(':')[1]);
    const link = a.connect(first);
    let running = first;
    for (let life = 0; life < 5; life++) {
      await stage.until(() => link.peer !== undefined && running.isUp(a), 'it is up');
      await stage.pass(1500);
      running.close();
      await stage.until(() => a.log.at(-1) === 'down closed', 'it is down');
      const session = `life-${life}`;
      [running] = await processes(stage, { at: 1, port, session });
      await stage.pass(600);
      expect(link.peer?.session).toBe(session);
    }
  });
});

describe.each(stages)('a second connection: %s', (_name, make: () => LinkStage) => {
  it('is one too many for an arbiter, unless the peer has lost the first', async () => {
    const stage = make();
    const [a] = await processes(stage, {});
    const { host } = stage.place(1);
    const first = new Rogue(host, a, 'z:1');
    await stage.until(() => first.settled, 'it is up');
    const crossing = new Rogue(host, a, 'z:1', 0);
    await stage.until(() => crossing.refused !== undefined, 'it is refused');
    expect([crossing.refused, first.closed]).toEqual(['duplicate', false]);
    const second = new Rogue(host, a, 'z:1', 1);
    await stage.until(() => second.settled && first.closed, 'it is replaced');
    expect(a.log).toEqual(['up session of z:1', 'down replaced', 'up session of z:1']);
    expect(a.refusals()).toEqual([]);
    await stage.close?.();
  });

  it('is dropped by a follower when its adoption is older than the last', async () => {
    const stage = make();
    const [a] = await processes(stage, {});
    const { host } = stage.place(1);
    const first = new Rogue(host, a, '0:1');
    await stage.until(() => first.settled && a.log.length === 1, 'it is up');
    // It adopts under the same number again.
    const second = new Rogue(host, a, '0:1');
    await stage.until(() => second.closed, 'it is dropped');
    expect([first.closed, a.log]).toEqual([false, ['up session of 0:1']]);
    await stage.close?.();
  });
});
