import { expect } from 'vitest';
import type { NetworkStage } from './network.ts';
import { connect, connected, expectEqualBytes, finish, listen, pattern, writeAll } from './network-pair.ts';
import type { Transcript } from './transcript.ts';

export async function endSendsTheQueue(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const bytes = pattern(3_000_000, 1);
  for (let index = 0; index < bytes.byteLength; index += 500_000) {
    pair.client.do((connection) => connection.write(bytes.subarray(index, index + 500_000)));
  }
  pair.client.do((connection) => connection.end());
  await stage.until(() => pair.server.has('ended'), 'the end has come');
  expectEqualBytes(pair.server.bytes(), bytes);
  expect(pair.server.events.at(-1)).toBe('ended');
  await finish(stage, pair);
}

export async function halfClose(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const { client, server } = pair;
  client.do((connection) => connection.end());
  await stage.until(() => server.has('ended'), 'the end has come');
  const bytes = pattern(200_000, 2);
  writeAll(server, bytes, { pieceBytes: 1000, end: false });
  await stage.until(() => client.receivedBytes === bytes.byteLength, 'the answer has come');
  expectEqualBytes(client.bytes(), bytes);
  expect(client.closes || server.closes).toBe(false);
  server.do((connection) => connection.end());
  await stage.until(() => client.closes && server.closes, 'both are closed');
  expect(client.events).toEqual(['opened', 'received', 'ended', 'closed']);
  expect([client.failure, server.failure]).toEqual([undefined, undefined]);
  pair.listener.close();
}

export async function bothEnd(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  // Both at the same time, and each of them twice.
  for (const end of [pair.client, pair.server, pair.client, pair.server]) {
    end.do((connection) => connection.end());
  }
  await stage.until(() => pair.client.closes && pair.server.closes, 'both are closed');
  expect(pair.client.events).toEqual(['opened', 'ended', 'closed']);
  expect(pair.server.events).toEqual(['ended', 'closed']);
  expect([pair.client.failure, pair.server.failure]).toEqual([undefined, undefined]);
  // Whatever is done to a closed connection does nothing.
  pair.client.do((connection) => connection.destroy());
  pair.client.do((connection) => connection.end());
  pair.client.do((connection) => connection.setReading(false));
  pair.client.do((connection) => connection.setReading(true));
  expect(pair.client.do((connection) => connection.write(new Uint8Array(1)))).toBe(false);
  await anotherRoundTrip(stage);
  pair.listener.close();
}

export async function nothingAfterTheEnd(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const { client, server } = pair;
  client.do((connection) => connection.write(new Uint8Array([1])));
  client.do((connection) => connection.end());
  expect(client.do((connection) => connection.write(new Uint8Array([2])))).toBe(false);
  await stage.until(() => server.has('ended'), 'the end has come');
  expectEqualBytes(server.bytes(), new Uint8Array([1]));
  await finish(stage, pair);
  expect(client.has('drained')).toBe(false);
}

export async function destroys(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const { client, server } = pair;
  server.do((connection) => connection.write(pattern(100_000, 3)));
  client.do((connection) => connection.write(pattern(100_000, 3)));
  client.do((connection) => connection.destroy());
  client.do((connection) => connection.destroy());
  expect(client.do((connection) => connection.write(new Uint8Array(1)))).toBe(false);
  client.do((connection) => connection.end());
  await stage.until(() => client.closes && server.closes, 'both are closed');
  expect(client.events).toEqual(['opened', 'closed']);
  expect(client.failure).toBeUndefined();
  expect(server.has('ended')).toBe(false);
  await anotherRoundTrip(stage);
  pair.listener.close();
}

export async function resetsThePeer(stage: NetworkStage): Promise<void> {
  // An idle peer learns of it without writing a byte.
  const pair = await connected(stage);
  pair.server.do((connection) => connection.destroy());
  await stage.until(() => pair.client.closes && pair.server.closes, 'both are closed');
  expect(pair.client.events).toEqual(['opened', 'closed']);
  expect(pair.client.failure?.kind).toBe('reset');
  expect(pair.server.failure).toBeUndefined();
  pair.listener.close();
}

export async function destroysFromInside(stage: NetworkStage): Promise<void> {
  const atOpening = await listen(stage);
  const early = connect(stage, atOpening.listener.address);
  early.on.opened = () => early.do((connection) => connection.destroy());
  await stage.until(() => early.closes, 'it is closed');
  expect(early.events).toEqual(['opened', 'closed']);
  atOpening.listener.close();

  const pair = await connected(stage);
  pair.server.on.received = () => pair.server.do((connection) => connection.destroy());
  pair.client.do((connection) => connection.write(pattern(500_000, 4)));
  await stage.until(() => pair.client.closes && pair.server.closes, 'both are closed');
  expect(pair.server.chunks.length).toBe(1);
  expect(pair.server.failure).toBeUndefined();
  pair.listener.close();

  const atAccepting = await listen(stage, {
    onAccept: (end) => end.do((connection) => connection.destroy()),
  });
  const client = connect(stage, atAccepting.listener.address);
  await stage.until(() => client.closes && atAccepting.accepted[0]?.closes === true, 'both are closed');
  expect(atAccepting.accepted[0]?.events).toEqual(['closed']);
  atAccepting.listener.close();
}

export async function breaksInTheMiddle(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const bytes = pattern(8_000_000, 5);
  pair.server.on.received = () => {
    if (pair.server.receivedBytes > 1_000_000) pair.client.do((connection) => connection.destroy());
  };
  writeAll(pair.client, bytes, { pieceBytes: 50_000, end: false });
  await stage.until(() => pair.client.closes && pair.server.closes, 'both sides are closed');
  // How much the systems had in their own buffers is unknown.
  const received = pair.server.bytes();
  expect(received.byteLength).toBeGreaterThan(1_000_000);
  expectEqualBytes(received, bytes.subarray(0, received.byteLength));
  expect(pair.server.has('ended')).toBe(false);
  expect(pair.server.failure?.kind).toBe('reset');
  pair.listener.close();
}

export async function neighboursGoOn(stage: NetworkStage): Promise<void> {
  const { listener, accepted } = await listen(stage);
  const ends = [connect(stage, listener.address), connect(stage, listener.address)] as const;
  await stage.until(() => accepted.length === 2, 'both stand');
  ends[0].do((connection) => connection.destroy());
  ends[1].do((connection) => connection.write(pattern(70_000, 6)));
  await stage.until(() => accepted.some((end) => end.receivedBytes === 70_000), 'the other goes on');
  const other = accepted.find((end) => end.receivedBytes > 0) as Transcript;
  await finish(stage, { client: ends[1], server: other, listener });
  await stage.until(() => accepted.every((end) => end.closes), 'all are closed');
}

/** Enough for anything that would still come to have come. */
async function anotherRoundTrip(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  pair.server.do((connection) => connection.write(new Uint8Array([1])));
  await stage.until(() => pair.client.receivedBytes === 1, 'a byte has come');
  await finish(stage, pair);
}
