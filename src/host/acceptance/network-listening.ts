import { expect } from 'vitest';
import type { NetworkFailure } from '../network.ts';
import type { NetworkStage } from './network.ts';
import { connect, connected, finish, listen } from './network-pair.ts';
import type { Transcript } from './transcript.ts';

export async function takesFreePorts(stage: NetworkStage): Promise<void> {
  const first = await listen(stage);
  const second = await listen(stage);
  const ports = [first.listener.address.port, second.listener.address.port];
  expect(ports[0]).toBeGreaterThan(0);
  expect(ports[1]).toBeGreaterThan(0);
  expect(ports[0]).not.toBe(ports[1]);
  first.listener.close();
  second.listener.close();
}

export async function saysInUse(stage: NetworkStage): Promise<void> {
  const { listener } = await listen(stage);
  let failure: NetworkFailure | undefined;
  let answers = 0;
  stage.server.listen(
    { host: stage.host, port: listener.address.port },
    () => {
      throw new Error('It does not listen.');
    },
    (outcome) => {
      answers++;
      if (!outcome.ok) failure = outcome.failure;
    },
  );
  expect(answers).toBe(0);
  await stage.until(() => answers > 0, 'an answer');
  expect(failure?.kind).toBe('in-use');
  expect(failure?.message).not.toBe('');
  listener.close();
}

export async function freesItsPort(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const { port } = pair.listener.address;
  let free = false;
  pair.listener.close(() => {
    free = true;
  });
  expect(free).toBe(false);
  await stage.until(() => free, 'the port is free');
  const refused = connect(stage, { host: stage.host, port });
  await stage.until(() => refused.closes, 'nobody listens any more');
  expect(refused.failure?.kind).toBe('refused');
  const again = await listen(stage, { port });
  expect(again.listener.address.port).toBe(port);
  again.listener.close();
  // The old connection is as good as before.
  pair.client.do((connection) => connection.write(new Uint8Array([1, 2, 3])));
  await stage.until(() => pair.server.receivedBytes === 3, 'the old connection goes on');
  await finish(stage, pair);
}

export async function closesTwice(stage: NetworkStage): Promise<void> {
  const { listener } = await listen(stage);
  let done = 0;
  listener.close(() => done++);
  listener.close(() => done++);
  await stage.until(() => done === 2, 'both are told');
}

export async function tellsTheRemote(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  expect(pair.client.do((connection) => connection.remote)).toEqual({
    host: stage.host,
    port: pair.listener.address.port,
  });
  const remote = pair.server.do((connection) => connection.remote);
  expect(remote.host).not.toBe('');
  expect(remote.port).toBeGreaterThan(0);
  await finish(stage, pair);
}

export async function acceptsMany(stage: NetworkStage): Promise<void> {
  const { listener, accepted } = await listen(stage);
  const clients: Transcript[] = [];
  for (let index = 0; index < 40; index++) {
    const client = connect(stage, listener.address);
    client.do((connection) => connection.write(new Uint8Array([index])));
    client.do((connection) => connection.end());
    clients.push(client);
  }
  await stage.until(
    () => accepted.length === 40 && accepted.every((end) => end.has('ended')),
    'all have arrived',
  );
  const bytes = accepted.map((end) => end.bytes()[0] ?? -1).sort((left, right) => left - right);
  expect(bytes).toEqual(Array.from({ length: 40 }, (_, index) => index));
  for (const end of accepted) end.do((connection) => connection.end());
  await stage.until(() => [...clients, ...accepted].every((end) => end.closes), 'all are closed');
  expect([...clients, ...accepted].filter((end) => end.failure !== undefined)).toEqual([]);
  listener.close();
}

export async function opensLater(stage: NetworkStage): Promise<void> {
  // The transcript itself checks that nothing happens inside the call.
  const pair = await connected(stage);
  expect(pair.client.events).toEqual(['opened']);
  expect(pair.server.events).toEqual([]);
  await finish(stage, pair);
}

export async function isRefused(stage: NetworkStage): Promise<void> {
  const { listener } = await listen(stage);
  let free = false;
  listener.close(() => {
    free = true;
  });
  await stage.until(() => free, 'the port is free');
  const client = connect(stage, listener.address);
  expect(client.do((connection) => connection.write(new Uint8Array(10)))).toBe(true);
  await stage.until(() => client.closes, 'it is refused');
  expect(client.events).toEqual(['closed']);
  expect(client.failure?.kind).toBe('refused');
  expect(client.failure?.message).not.toBe('');
}

export async function isUnreachable(stage: NetworkStage): Promise<void> {
  const client = connect(stage, stage.nowhere);
  await stage.until(() => client.closes, 'it fails');
  expect(client.events).toEqual(['closed']);
  expect(client.failure?.kind).toBe('unreachable');
}

export async function isGivenUp(stage: NetworkStage): Promise<void> {
  const { listener } = await listen(stage);
  for (const address of [listener.address, stage.nowhere]) {
    const client = connect(stage, address);
    client.do((connection) => connection.write(new Uint8Array(10)));
    client.do((connection) => connection.destroy());
    await stage.until(() => client.closes, 'it is closed');
    expect(client.events).toEqual(['closed']);
    expect(client.failure).toBeUndefined();
  }
  listener.close();
}
