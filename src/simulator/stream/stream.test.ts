import { describe, expect, it } from 'vitest';
import type { Connection, ConnectionHandlers } from '../../host/index.ts';
import { calm, createSimulation, type FaultProfile, type Simulation } from '../index.ts';

interface End {
  connection?: Connection;
  readonly events: string[];
  bytes: number;
}

function handlers(end: End): ConnectionHandlers {
  return {
    opened: () => end.events.push('opened'),
    received: (bytes) => {
      end.bytes += bytes.byteLength;
    },
    drained: () => end.events.push('drained'),
    ended: () => end.events.push('ended'),
    closed: (failure) => end.events.push(failure === undefined ? 'closed' : failure.kind),
  };
}

interface Stage {
  readonly simulation: Simulation;
  readonly client: End;
  /** The server's ends, in the order they were accepted. */
  readonly accepted: End[];
}

/** Host server listens on port 80 in each of its lives; host client has a connection to it. */
function stage(profile: FaultProfile = calm, seed = 11): Stage {
  const simulation = createSimulation({ seed, profile });
  const accepted: End[] = [];
  simulation.host('server').boot(({ network }) => {
    network.listen(
      { host: 'server', port: 80 },
      (connection) => {
        const end: End = { connection, events: [], bytes: 0 };
        accepted.push(end);
        return handlers(end);
      },
      (outcome) => expect(outcome.ok).toBe(true),
    );
  });
  simulation.runFor(1);
  const client = connect(simulation);
  expect(simulation.runUntil(() => accepted.length === 1, 10_000)).toBe(true);
  return { simulation, client, accepted };
}

function connect(simulation: Simulation): End {
  const end: End = { events: [], bytes: 0 };
  end.connection = simulation.host('client').network.connect({ host: 'server', port: 80 }, handlers(end));
  return end;
}

function silence(profile: FaultProfile, silenceMsMax: number): FaultProfile {
  return { ...profile, network: { ...profile.network, silenceMsMax } };
}

describe('streams', () => {
  it('feel a short partition as delay', () => {
    const { simulation, client, accepted } = stage();
    const partition = simulation.partition(['client'], ['server']);
    client.connection?.write(new Uint8Array(500_000));
    simulation.runFor(3000);
    expect(accepted[0]?.bytes).toBe(0);
    partition.mend();
    simulation.runFor(3000);
    expect(accepted[0]?.bytes).toBe(500_000);
    expect([client.events, accepted[0]?.events]).toEqual([['opened'], []]);
  });

  it('feel a long partition as a timeout, and only the side that waits', () => {
    const { simulation, client, accepted } = stage(silence(calm, 5000));
    simulation.partition(['client'], ['server']);
    client.connection?.write(new Uint8Array(10));
    simulation.runFor(4900);
    expect(client.events).toEqual(['opened']);
    simulation.runFor(3000);
    expect(client.events).toEqual(['opened', 'timeout']);
    simulation.runFor(100_000);
    expect(accepted[0]?.events).toEqual([]);
    // The other side learns of it when it writes and the way is free again.
    simulation.heal();
    accepted[0]?.connection?.write(new Uint8Array(1));
    simulation.runFor(100);
    expect(accepted[0]?.events).toEqual(['reset']);
  });

  it('are not given up while idle', () => {
    const { simulation, client, accepted } = stage();
    const partition = simulation.partition(['client'], ['server']);
    simulation.runFor(3_600_000);
    partition.mend();
    client.connection?.write(new Uint8Array(7));
    simulation.runFor(100);
    expect(accepted[0]?.bytes).toBe(7);
  });

  it('cannot be opened to a host that is cut off or dark: timeout', () => {
    const { simulation } = stage(silence(calm, 2000));
    simulation.partition(['client'], ['server'], { oneWay: true });
    const cut = connect(simulation);
    simulation.runFor(4000);
    expect(cut.events).toEqual(['timeout']);
    simulation.heal();
    simulation.host('server').crash('power');
    const dark = connect(simulation);
    simulation.runFor(4000);
    expect(dark.events).toEqual(['timeout']);
  });

  it('open to a paused host, whose program sees them when it goes on', () => {
    const { simulation, accepted } = stage();
    simulation.host('server').pause();
    const client = connect(simulation);
    client.connection?.write(new Uint8Array(1000));
    simulation.runFor(60_000);
    expect(client.events).toEqual(['opened']);
    expect(accepted.length).toBe(1);
    simulation.host('server').resume();
    simulation.runFor(10);
    expect(accepted[1]?.bytes).toBe(1000);
  });

  it('make the writer wait for a paused reader, however long', () => {
    const { simulation, client, accepted } = stage();
    simulation.host('server').pause();
    let written = 0;
    while (client.connection?.write(new Uint8Array(50_000)) === true) written += 50_000;
    written += 50_000;
    simulation.runFor(60_000);
    expect(client.events).toEqual(['opened']);
    simulation.host('server').resume();
    simulation.runFor(5000);
    expect(accepted[0]?.bytes).toBe(written);
    expect(client.events).toEqual(['opened', 'drained']);
  });
});

describe('streams and crashes', () => {
  it('end or reset when the process at the other end dies, refused from then on', () => {
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const { simulation, client } = stage(calm, round);
      simulation.host('server').crash('process');
      simulation.runFor(100);
      seen.add(client.events.join(' '));
      const late = connect(simulation);
      simulation.runFor(100);
      expect(late.events).toEqual(['refused']);
    }
    expect([...seen].sort()).toEqual(['opened ended', 'opened reset']);
  });

  it('deliver what a process had written before it died, unless they are reset', () => {
    const seen = new Set<string>();
    for (let round = 0; round < 20; round++) {
      const { simulation, client, accepted } = stage(calm, round);
      accepted[0]?.connection?.write(new Uint8Array(100_000));
      simulation.runFor(0);
      simulation.host('server').crash('process');
      simulation.runFor(1000);
      seen.add(`${client.bytes} ${client.events.at(-1)}`);
    }
    expect(seen).toContain('100000 ended');
    expect([...seen].some((each) => each.endsWith('reset'))).toBe(true);
  });

  it('fall silent when the power is cut, and reset once the host is back', () => {
    const { simulation, client } = stage();
    simulation.host('server').crash('power');
    simulation.runFor(60_000);
    expect(client.events).toEqual(['opened']);
    simulation.host('server').restart();
    simulation.runFor(60_000);
    expect(client.events).toEqual(['opened']);
    client.connection?.write(new Uint8Array(1));
    simulation.runFor(1000);
    expect(client.events).toEqual(['opened', 'reset']);
    const again = connect(simulation);
    simulation.runFor(1000);
    expect(again.events).toEqual(['opened']);
  });

  it('are nothing to the program that comes after', () => {
    const { simulation, client, accepted } = stage();
    client.connection?.write(new Uint8Array(200_000));
    simulation.host('server').crash('process');
    simulation.host('server').restart();
    simulation.runFor(60_000);
    expect(accepted.length).toBe(1);
    expect(accepted[0]?.events).toEqual([]);
    expect(['reset', 'ended']).toContain(client.events.at(-1));
  });
});

describe('streams over a bad link', () => {
  const bad: FaultProfile = {
    ...calm,
    network: {
      ...calm.network,
      lossChance: 0.15,
      duplicateChance: 0.3,
      reorderChance: 0.3,
      strayMsMax: 5000,
      splitChance: 0.5,
    },
  };

  it('accept each connection once, however often its packets are replayed', () => {
    const { simulation, accepted } = stage(bad);
    const clients = Array.from({ length: 50 }, () => connect(simulation));
    for (const client of clients) client.connection?.write(new Uint8Array(100));
    simulation.runFor(30_000);
    expect(accepted.length).toBe(51);
    expect(clients.every((client) => client.events.join() === 'opened')).toBe(true);
    for (const client of clients) client.connection?.destroy();
    simulation.runFor(60_000);
    expect(accepted.length).toBe(51);
    expect(accepted.filter((end) => end.bytes > 100)).toEqual([]);
  });

  it('end in peace on both sides although the last acknowledgement may be lost', () => {
    const { simulation, client, accepted } = stage(bad);
    const clients = [client, ...Array.from({ length: 50 }, () => connect(simulation))];
    expect(simulation.runUntil(() => accepted.length === 51, 30_000)).toBe(true);
    for (const end of [...clients, ...accepted]) end.connection?.end();
    simulation.runFor(60_000);
    expect(new Set(clients.map((end) => end.events.join()))).toEqual(new Set(['opened,ended,closed']));
    expect(new Set(accepted.map((end) => end.events.join()))).toEqual(new Set(['ended,closed']));
  });

  it('resend what is lost without waiting for each piece', () => {
    const { simulation, client, accepted } = stage({
      ...calm,
      network: { ...calm.network, lossChance: 0.02 },
    });
    client.connection?.write(new Uint8Array(20_000_000));
    const startMs = simulation.nowMs;
    expect(simulation.runUntil(() => accepted[0]?.bytes === 20_000_000, 60_000)).toBe(true);
    expect(simulation.nowMs - startMs).toBeLessThan(3000);
  });
});
