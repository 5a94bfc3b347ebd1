import { describe, expect, it } from 'vitest';
import { Prng } from '../std/index.ts';
import {
  calm,
  createSimulation,
  type FaultProfile,
  type NetworkProfile,
  type Simulation,
  swarm,
} from './index.ts';

function withNetwork(network: Partial<NetworkProfile>): FaultProfile {
  return { ...calm, network: { ...calm.network, ...network } };
}

/** Host b writes down what it gets; host a sends the numbers from 0, one each millisecond. */
function countingPair(
  profile: FaultProfile,
  count: number,
  seed = 5,
): { simulation: Simulation; got: number[] } {
  const simulation = createSimulation({ seed, profile });
  const got: number[] = [];
  simulation.host('a');
  simulation.onMessage('b', (message) => got.push(message as number));
  for (let number = 0; number < count; number++) {
    simulation.after(number, () => simulation.send('a', 'b', number));
  }
  return { simulation, got };
}

const numbersTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

describe('datagrams', () => {
  it('arrive once, in order and in time when nothing goes wrong', () => {
    const { simulation, got } = countingPair(calm, 1000);
    simulation.runFor(1000 + calm.network.latencyMsMax);
    expect(got).toEqual(numbersTo(1000));
  });

  it('get lost', () => {
    const { simulation, got } = countingPair(withNetwork({ lossChance: 0.2 }), 1000);
    simulation.runFor(2000);
    expect(got.length).toBeGreaterThan(700);
    expect(got.length).toBeLessThan(900);
    expect(got).toEqual([...got].sort((left, right) => left - right));
  });

  it('come twice, much later', () => {
    const { simulation, got } = countingPair(withNetwork({ duplicateChance: 0.2, strayMsMax: 5000 }), 1000);
    simulation.runFor(1100);
    const early = got.length;
    simulation.runFor(6000);
    expect(early).toBeGreaterThan(1000);
    expect(got.length).toBeGreaterThan(early + 50);
    expect(new Set(got).size).toBe(1000);
  });

  it('overtake one another', () => {
    const { simulation, got } = countingPair(withNetwork({ reorderChance: 0.1, strayMsMax: 50 }), 1000);
    simulation.runFor(2000);
    expect(got).not.toEqual(numbersTo(1000));
    expect([...got].sort((left, right) => left - right)).toEqual(numbersTo(1000));
  });

  it('do not pass a partition, which may be one way, and pass again when it is mended', () => {
    const { simulation, got } = countingPair(calm, 300);
    const back: unknown[] = [];
    simulation.onMessage('a', (message) => back.push(message));
    simulation.runFor(99.5);
    const oneWay = simulation.partition(['a'], ['b'], { oneWay: true });
    simulation.send('b', 'a', 'back');
    simulation.runFor(50);
    const bothWays = simulation.partition(['b'], ['a']);
    simulation.send('b', 'a', 'not back');
    simulation.runFor(50);
    oneWay.mend();
    oneWay.mend();
    simulation.runFor(50);
    expect(got.at(-1)).toBe(99);
    expect(back).toEqual(['back']);
    bothWays.mend();
    simulation.runFor(100);
    expect(got).toEqual([...numbersTo(100), ...numbersTo(300).slice(250)]);
  });

  it('wait at a clogged link, in order', () => {
    const { simulation, got } = countingPair(calm, 100);
    simulation.runFor(50);
    simulation.clog('a', 'b', 500);
    simulation.runFor(499);
    expect(got.length).toBeLessThan(52);
    simulation.runFor(20);
    expect(got).toEqual(numbersTo(100));
  });

  it('reach nobody who is down or does not take any', () => {
    const { simulation, got } = countingPair(calm, 100);
    simulation.send('a', 'a', 'nobody');
    simulation.runFor(20);
    simulation.host('b').crash('process');
    simulation.runFor(20);
    simulation.host('b').restart();
    simulation.runFor(100);
    expect(got.length).toBeLessThan(21);
  });

  it('are held for a paused host', () => {
    const { simulation, got } = countingPair(calm, 100);
    simulation.runFor(20);
    const before = got.length;
    simulation.host('b').pause();
    simulation.runFor(50);
    expect(got.length).toBe(before);
    simulation.host('b').resume();
    simulation.runFor(0);
    expect(got.length).toBeGreaterThan(65);
    simulation.runFor(100);
    expect(got).toEqual(numbersTo(100));
  });

  it('are subject to the faults that a drill injects', () => {
    const { simulation, got } = countingPair(calm, 100);
    simulation.runFor(20);
    simulation.host('b').faults.inject({ kind: 'network', peer: 'a', drop: true });
    simulation.runFor(20);
    simulation.host('b').faults.healAll();
    simulation.host('a').faults.inject({ kind: 'network', peer: 'b', delayMs: 200 });
    simulation.runFor(150);
    expect(got.length).toBeLessThan(22);
    simulation.runFor(300);
    expect(got.length).toBeGreaterThan(75);
  });
});

describe('hosts', () => {
  it('run their program at each start, and nothing of the life before', () => {
    const simulation = createSimulation({ seed: 1 });
    const host = simulation.host('a');
    const log: string[] = [];
    let lives = 0;
    host.boot(({ clock }) => {
      const life = ++lives;
      const tick = (): void => {
        log.push(`tick of ${life}`);
        clock.setTimer(10, tick);
      };
      clock.setTimer(10, tick);
    });
    simulation.runFor(25);
    host.crash('process');
    expect(host.up).toBe(false);
    simulation.runFor(100);
    expect(log).toEqual(['tick of 1', 'tick of 1']);
    host.restart();
    simulation.runFor(15);
    expect(log.slice(2)).toEqual(['tick of 2']);
    expect(() => host.restart()).toThrow('down');
    host.crash('power');
    expect(host.powered).toBe(false);
    expect(() => host.clock).toThrow('up');
    host.restart();
    expect(lives).toBe(3);
  });

  it('draw random numbers of their own, others in each life', () => {
    const draw = (seed: number, name: string): number[] => {
      const host = createSimulation({ seed }).host(name);
      const first = host.random.u32();
      host.crash('process');
      host.restart();
      return [first, host.random.u32()];
    };
    const all = [...draw(1, 'a'), ...draw(1, 'b'), ...draw(2, 'a')];
    expect(new Set(all).size).toBe(6);
    expect(draw(1, 'a')).toEqual(all.slice(0, 2));
  });

  it('have clocks of their own', () => {
    const profile = { ...calm, clock: { offsetMsMax: 10_000, driftMax: 0 } };
    const simulation = createSimulation({ seed: 4, profile });
    const [a, b] = [simulation.host('a'), simulation.host('b')];
    expect(Math.abs(a.clock.wallMs() - b.clock.wallMs())).toBeGreaterThan(1);
    const [wallMs, nowMs] = [a.clock.wallMs(), a.clock.nowMs()];
    a.jumpClock(-5000);
    expect(a.clock.wallMs()).toBe(wallMs - 5000);
    expect(a.clock.nowMs()).toBe(nowMs);
    a.setClockRate(1.5);
    simulation.runFor(1000);
    expect(a.clock.nowMs()).toBeCloseTo(nowMs + 1500);
    // A timer is due by its own host's clock.
    const fired: number[] = [];
    a.clock.setTimer(150, () => fired.push(simulation.nowMs));
    b.clock.setTimer(150, () => fired.push(simulation.nowMs));
    const startMs = simulation.nowMs;
    simulation.runFor(200);
    expect(fired.map((firedMs) => Math.round(firedMs - startMs))).toEqual([100, 150]);
  });

  it('do not fire a timer early when the clock is slowed after it was set', () => {
    const simulation = createSimulation({ seed: 4 });
    const { clock } = simulation.host('a');
    const setMs = clock.nowMs();
    let tookMs = 0;
    clock.setTimer(100, () => {
      tookMs = clock.nowMs() - setMs;
    });
    simulation.runFor(50);
    simulation.host('a').setClockRate(0.5);
    simulation.runFor(99);
    expect(tookMs).toBe(0);
    simulation.runFor(10);
    expect(tookMs).toBeGreaterThanOrEqual(100);
    expect(tookMs).toBeLessThan(100.1);
  });

  it('start their monotonic clock again after a power cut, and not after a crash', () => {
    const simulation = createSimulation({ seed: 4 });
    const host = simulation.host('a');
    simulation.runFor(1000);
    const [nowMs, wallMs] = [host.clock.nowMs(), host.clock.wallMs()];
    host.crash('process');
    simulation.runFor(1000);
    host.restart();
    expect(host.clock.nowMs()).toBeCloseTo(nowMs + 1000);
    host.crash('power');
    simulation.runFor(1000);
    host.restart();
    expect(host.clock.nowMs()).not.toBeCloseTo(nowMs + 2000);
    expect(Math.abs(host.clock.wallMs() - wallMs - 2000)).toBeLessThan(2);
  });
});

describe('running', () => {
  it('runs until a condition holds, or in vain', () => {
    const { simulation, got } = countingPair(calm, 100);
    expect(simulation.runUntil(() => got.length === 10, 1000)).toBe(true);
    expect(got.length).toBe(10);
    expect(simulation.nowMs).toBeLessThan(12);
    expect(simulation.runUntil(() => got.length === 1000, 500)).toBe(false);
    expect(simulation.nowMs).toBeGreaterThan(500);
  });

  it('checks after every event', () => {
    const { simulation, got } = countingPair(calm, 100);
    simulation.afterEachStep(() => {
      if (got.length > 50) throw new Error(`after ${simulation.events} events`);
    });
    expect(() => simulation.runFor(1000)).toThrow(/after \d+ events/);
    expect(got.length).toBe(51);
  });

  it('heals everything', () => {
    const { simulation, got } = countingPair(withNetwork({ lossChance: 1 }), 1000);
    const hosts = simulation.hosts;
    simulation.partition(['a'], ['b']);
    simulation.clog('a', 'b', 1e9);
    hosts[0]?.pause();
    hosts[1]?.crash('power');
    simulation.runFor(100);
    simulation.heal();
    simulation.onMessage('b', (message) => got.push(message as number));
    expect(hosts.every((host) => host.up && !host.paused)).toBe(true);
    simulation.runFor(1000);
    expect(got).toEqual(numbersTo(1000).slice(got[0]));
    expect(got.length).toBeGreaterThan(890);
  });
});

/** Four hosts that gossip over datagrams and streams and write files, under whatever the swarm brings. */
function turmoil(seed: number): Simulation {
  const profile = swarm(new Prng(seed));
  const simulation = createSimulation({ seed, profile, transcriptLines: 50 });
  const names = ['a', 'b', 'c', 'd'];
  for (const name of names) {
    simulation.host(name).boot((host) => {
      const self = simulation.host(name);
      self.onMessage((message, from) => {
        if (typeof message === 'number' && message > 0) self.send(from, message - 1);
      });
      host.network.listen(
        { host: name, port: 80 },
        (connection) => ({ received: (bytes) => connection.write(bytes), closed: () => {} }),
        () => {},
      );
      const tick = (): void => {
        const peer = names[host.random.u32() % names.length] ?? 'a';
        self.send(peer, 3);
        const connection = host.network.connect(
          { host: peer, port: 80 },
          { received: () => connection.end(), closed: () => {} },
        );
        connection.write(host.random.bytes(100));
        host.disk.open(`/file ${peer}`, { create: true }, (outcome) => {
          if (!outcome.ok) return;
          const file = outcome.value;
          file.write(0, host.random.bytes(1000), () => file.sync(() => file.close(() => {})));
        });
        host.clock.setTimer(50 * host.random.fraction(), tick);
      };
      tick();
    });
  }
  simulation.startFaults();
  simulation.runFor(8000);
  simulation.heal();
  simulation.runFor(2000);
  return simulation;
}

describe('determinism', () => {
  it('gives the same trace for the same seed, whatever goes wrong', () => {
    const hashes = new Set<string>();
    for (let seed = 1; seed <= 8; seed++) {
      const first = turmoil(seed);
      const second = turmoil(seed);
      expect(second.traceHash(), `seed ${seed}`).toBe(first.traceHash());
      expect(second.transcript()).toEqual(first.transcript());
      expect(second.events).toBe(first.events);
      expect(first.transcript().length).toBe(50);
      hashes.add(first.traceHash());
    }
    expect(hashes.size).toBe(8);
  });
});
