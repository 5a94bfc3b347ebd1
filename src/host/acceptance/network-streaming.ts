import { expect } from 'vitest';
import type { NetworkStage } from './network.ts';
import { connect, connected, expectEqualBytes, finish, listen, pattern, writeAll } from './network-pair.ts';
import type { Transcript } from './transcript.ts';

const megabyte = 1024 * 1024;

export async function smallWrites(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const bytes = pattern(10_000, 1);
  for (let index = 0, size = 1; index < bytes.byteLength; index += size, size = (size % 13) + 1) {
    pair.client.do((connection) => connection.write(bytes.subarray(index, index + size)));
  }
  await stage.until(() => pair.server.receivedBytes >= bytes.byteLength, 'all have arrived');
  expectEqualBytes(pair.server.bytes(), bytes);
  await finish(stage, pair);
  expectEqualBytes(bytes, pattern(10_000, 1));
}

export async function writesBeforeOpened(stage: NetworkStage): Promise<void> {
  const { listener, accepted } = await listen(stage, {
    onAccept: (end) => end.do((connection) => connection.write(pattern(500, 4))),
  });
  const client = connect(stage, listener.address);
  expect(client.do((connection) => connection.write(pattern(1000, 3)))).toBe(true);
  client.do((connection) => connection.end());
  await stage.until(() => accepted[0]?.has('ended') === true, 'all have arrived');
  const server = accepted[0] as Transcript;
  expectEqualBytes(server.bytes(), pattern(1000, 3));
  server.do((connection) => connection.end());
  await stage.until(() => client.closes && server.closes, 'both are closed');
  expectEqualBytes(client.bytes(), pattern(500, 4));
  listener.close();
}

export async function megabytesBothWays(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  const up = pattern(3 * megabyte, 5);
  const down = pattern(2 * megabyte, 6);
  writeAll(pair.client, up, { pieceBytes: 10_007, end: true });
  writeAll(pair.server, down, { pieceBytes: 100_003, end: true });
  await stage.until(() => pair.client.closes && pair.server.closes, 'both are closed');
  expectEqualBytes(pair.server.bytes(), up);
  expectEqualBytes(pair.client.bytes(), down);
  expect([pair.client.failure, pair.server.failure]).toEqual([undefined, undefined]);
  pair.listener.close();
}

export async function emptyWrite(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  expect(pair.client.do((connection) => connection.write(new Uint8Array(0)))).toBe(true);
  pair.client.do((connection) => connection.write(new Uint8Array([7])));
  expect(pair.client.do((connection) => connection.write(new Uint8Array(0)))).toBe(true);
  await stage.until(() => pair.server.receivedBytes > 0, 'the byte has arrived');
  expectEqualBytes(pair.server.bytes(), new Uint8Array([7]));
  await finish(stage, pair);
}

export async function backpressure(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  pair.server.do((connection) => connection.setReading(false));
  const piece = pattern(64 * 1024, 7);
  let pieces = 0;
  const fill = (): void => {
    for (;;) {
      pieces++;
      if (!pair.client.do((connection) => connection.write(piece))) return;
      expect(pieces * piece.byteLength, 'the queue is bounded').toBeLessThan(64 * megabyte);
    }
  };
  // What the systems on both sides buffer comes on top of the queue: fill until nothing drains any more.
  pair.client.on.drained = fill;
  fill();
  let quiet = 0;
  let lastPieces = 0;
  await stage.until(() => {
    quiet = pieces === lastPieces ? quiet + 1 : 0;
    lastPieces = pieces;
    return quiet > 50;
  }, 'nothing drains any more');
  expect(pair.server.receivedBytes).toBe(0);
  pair.client.on.drained = () => {};
  const drainedBefore = pair.client.events.filter((event) => event === 'drained').length;
  pair.server.do((connection) => connection.setReading(true));
  await stage.until(
    () => pair.server.receivedBytes === pieces * piece.byteLength,
    'everything arrives after all',
  );
  await stage.until(
    () => pair.client.events.filter((event) => event === 'drained').length === drainedBefore + 1,
    'the writer is told that it may go on',
  );
  await finish(stage, pair);
}

export async function drainedOnlyAfterRefusal(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage);
  for (let round = 0; round < 50; round++) {
    expect(pair.client.do((connection) => connection.write(pattern(1000, round)))).toBe(true);
  }
  await stage.until(() => pair.server.receivedBytes === 50_000, 'all have arrived');
  await finish(stage, pair);
  expect(pair.client.has('drained')).toBe(false);
}

export async function stopsReading(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage, (end) => end.do((connection) => connection.setReading(false)));
  const { client, server } = pair;
  client.do((connection) => connection.write(pattern(3000, 8)));
  // The way there is known to work: the answer to something sent later comes back.
  server.do((connection) => connection.write(new Uint8Array([1])));
  await stage.until(() => client.receivedBytes === 1, 'the other direction works');
  expect(server.receivedBytes).toBe(0);
  let stopped = false;
  server.on.received = () => {
    stopped = true;
    server.do((connection) => connection.setReading(false));
  };
  server.do((connection) => connection.setReading(true));
  await stage.until(() => stopped, 'reading goes on');
  server.on.received = () => {};
  client.do((connection) => connection.write(pattern(2000, 9)));
  const before = server.receivedBytes;
  server.do((connection) => connection.write(new Uint8Array([2])));
  await stage.until(() => client.receivedBytes === 2, 'the other direction works');
  expect(server.receivedBytes).toBe(before);
  server.do((connection) => connection.setReading(true));
  await stage.until(() => server.receivedBytes === 5000, 'everything arrives after all');
  expectEqualBytes(server.bytes().subarray(0, 3000), pattern(3000, 8));
  await finish(stage, pair);
}

export async function holdsBackTheEnd(stage: NetworkStage): Promise<void> {
  const pair = await connected(stage, (end) => end.do((connection) => connection.setReading(false)));
  const { client, server } = pair;
  client.do((connection) => connection.write(pattern(100, 1)));
  client.do((connection) => connection.end());
  server.do((connection) => connection.write(new Uint8Array([1])));
  await stage.until(() => client.receivedBytes === 1, 'the other direction works');
  expect(server.events).toEqual([]);
  server.do((connection) => connection.setReading(true));
  await stage.until(() => server.has('ended'), 'the end has come');
  expect(server.events).toEqual(['received', 'ended']);
  server.do((connection) => connection.end());
  await stage.until(() => client.closes && server.closes, 'both are closed');
  pair.listener.close();
}
