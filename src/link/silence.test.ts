import { describe, expect, it } from 'vitest';
import { calm, createSimulation, type Simulation } from '../simulator/index.ts';
import { bytesOf, TestProcess } from './testing/process.ts';
import { type LinkStage, linked } from './testing/stage.ts';
import { stages } from './testing/stages.ts';

describe.each(stages)('injected faults: %s', (_name, make: () => LinkStage) => {
  for (const [side, dialled] of [
    ['dialled', true],
    ['accepted', false],
  ] as const) {
    it(`hold a peer that was ${side}, and let it go on when they are healed`, async () => {
      const stage = make();
      const [a, b] = await linked(stage);
      const [here, there] = dialled ? [a, b] : [b, a];
      const id = here.host.faults.inject({ kind: 'network', peer: there.address, drop: true });
      here.link(there)?.send(1, bytesOf('out'));
      there.link(here)?.send(1, bytesOf('in'));
      await stage.until(() => here.log.includes('silent') && there.log.includes('silent'), 'it is silent');
      expect(here.link(there)?.silent).toBe(true);
      here.host.faults.heal(id);
      await stage.until(
        () => here.log.includes('heard') && there.log.includes('heard'),
        'it is heard again',
      );
      await stage.until(() => here.log.length === 4 && there.log.length === 4, 'what was held has come');
      expect([here.log.slice(1).sort(), there.log.slice(1).sort()]).toEqual([
        ['1 in', 'heard', 'silent'],
        ['1 out', 'heard', 'silent'],
      ]);
      expect(here.link(there)?.silent).toBe(false);
      await stage.close?.();
    });

    it(`that last end the link of a peer that was ${side}, until they are healed`, async () => {
      const stage = make();
      const limits = { deadMs: 900, connectMs: 200, handshakeMs: 200 };
      const [a, b] = await linked(stage, { limits }, { limits });
      const [here, there] = dialled ? [a, b] : [b, a];
      const id = here.host.faults.inject({ kind: 'network', peer: there.address, drop: true });
      await stage.until(() => !here.isUp(there) && !there.isUp(here), 'it is down');
      expect([here, there].some(({ log }) => log.includes('down dead'))).toBe(true);
      await stage.pass(500);
      expect([here.isUp(there), there.isUp(here)]).toEqual([false, false]);
      here.host.faults.heal(id);
      await stage.until(() => here.isUp(there) && there.isUp(here), 'it is up again');
      await stage.close?.();
    });
  }

  it('delay what comes and goes, in order', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    b.host.faults.inject({ kind: 'network', peer: a.address, delayMs: 30 });
    const startMs = a.host.clock.nowMs();
    for (const text of ['1', '2', '3']) {
      a.link(b)?.send(1, bytesOf(text));
      a.link(b)?.flush();
    }
    await stage.until(() => b.log.length === 4, 'they have come');
    const thereMs = a.host.clock.nowMs() - startMs;
    b.link(a)?.send(1, bytesOf('back'));
    await stage.until(() => a.log.length === 2, 'it has come');
    const backMs = a.host.clock.nowMs() - startMs - thereMs;
    expect(b.log).toEqual(['up session-0', '1 1', '1 2', '1 3']);
    for (const tookMs of [thereMs, backMs]) expect(tookMs).toBeGreaterThanOrEqual(30);
    b.host.faults.healAll();
    await stage.close?.();
  });

  it('pause a process, which says so when it goes on', async () => {
    const stage = make();
    const [a, b] = await linked(stage);
    const id = b.host.faults.inject({ kind: 'pause' });
    await stage.until(() => a.log.includes('silent'), 'it is silent');
    b.host.faults.heal(id);
    await stage.until(() => a.log.includes('heard'), 'it is heard');
    await stage.close?.();
  });
});

/** Two simulated processes with a link. `pauses`: what they are told of their own. */
function pair(onPaused: () => void = () => {}): {
  simulation: Simulation;
  a: TestProcess;
  b: TestProcess;
  pauses: number[];
} {
  const simulation = createSimulation({ seed: 5, profile: calm });
  const pauses: number[] = [];
  const processes: TestProcess[] = [];
  for (const name of ['a', 'b']) {
    simulation.host(name).boot((host) => {
      const paused = (pausedMs: number): void => {
        pauses.push(pausedMs);
        onPaused();
      };
      processes.push(
        new TestProcess({
          host,
          ip: name,
          port: 7000,
          session: name,
          listener: { paused },
        }),
      );
    });
  }
  const [a, b] = processes as [TestProcess, TestProcess];
  simulation.runFor(1);
  a.connect(b);
  simulation.runFor(100);
  expect([a.log, b.log]).toEqual([['up b'], ['up a']]);
  return { simulation, a, b, pauses };
}

describe('a process that did not run', () => {
  it('reads what waits before it calls anybody silent, and is told how long it was', () => {
    const { simulation, a, b, pauses } = pair();
    b.host.faults.healAll();
    simulation.host('b').pause();
    simulation.runFor(1500);
    expect(a.log).toEqual(['up b', 'silent']);
    simulation.host('b').resume();
    simulation.runFor(200);
    expect(a.log).toEqual(['up b', 'silent', 'heard']);
    expect(b.log).toEqual(['up a']);
    expect(pauses.length).toBe(1);
    expect(pauses[0]).toBeGreaterThan(1200);
    expect(pauses[0]).toBeLessThan(1501);
  });

  it('is told so before anything that came meanwhile', () => {
    for (const what of ['message', 'end', 'reset'] as const) {
      let before: string[] | undefined;
      const { simulation, a, b, pauses } = pair(() => {
        before = [...b.log];
      });
      if (what === 'reset') {
        // A process that ends and has not read all resets its connections.
        simulation.host('a').pause();
        b.link(a)?.send(1, bytesOf('unread'));
        simulation.runFor(10);
      }
      simulation.host('b').pause();
      if (what === 'message') a.link(b)?.send(1, bytesOf('meanwhile'));
      else simulation.host('a').crash('process');
      simulation.runFor(1000);
      simulation.host('b').resume();
      simulation.runFor(100);
      expect([before, pauses.length], what).toEqual([['up a'], 1]);
      expect(b.log[1], what).toBe(what === 'message' ? '1 meanwhile' : 'down lost');
    }
  });

  it('finds a link gone that its peer has given up', () => {
    const { simulation, a, b } = pair();
    simulation.host('b').pause();
    simulation.runFor(5000);
    expect(a.log).toEqual(['up b', 'silent', 'down dead']);
    simulation.host('b').resume();
    simulation.runFor(3000);
    expect(b.log.slice(0, 2)).toEqual(['up a', 'down lost']);
    expect([a.log.at(-1), b.log.at(-1)]).toEqual(['up b', 'up a']);
  });

  it('takes an answer that came while it slept for an answer, not for a timeout', () => {
    const simulation = createSimulation({ seed: 5, profile: calm });
    const request = (
      _link: unknown,
      _kind: number,
      payload: Uint8Array,
      reply: { answer(bytes: Uint8Array): void },
    ): void => reply.answer(payload);
    const [a, b] = ['a', 'b'].map((ip) => {
      const host = simulation.host(ip);
      host.boot(() => {});
      return new TestProcess({ host, ip, port: 7000, session: ip, listener: { request } });
    }) as [TestProcess, TestProcess];
    simulation.runFor(1);
    const link = a.connect(b);
    simulation.runFor(100);
    const outcomes: string[] = [];
    link.request(1, bytesOf('x'), 500, ({ kind }) => outcomes.push(kind));
    link.flush();
    simulation.host('a').pause();
    simulation.runFor(1500);
    simulation.host('a').resume();
    simulation.runFor(1000);
    expect(outcomes).toEqual(['answered']);
  });
});
