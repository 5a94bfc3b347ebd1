import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { untilReal } from '../acceptance/index.ts';
import type { Connection, DiskFile, DiskOutcome, Done, Host, Listener } from '../index.ts';
import { faultsAllowedBy, nodeHost } from './index.ts';

const host: Host = nodeHost({ faultsAllowed: true });

afterEach(() => host.faults.healAll());

interface Line {
  readonly port: number;
  readonly connection: Connection;
  readonly atServer: string[];
  readonly atClient: string[];
  close(): void;
}

/** A connection to a server that answers each byte with the next one. */
async function dial(): Promise<Line> {
  let listener: Listener | undefined;
  let opened = false;
  const atServer: string[] = [];
  const atClient: string[] = [];
  host.network.listen(
    { host: '127.0.0.1', port: 0 },
    (accepted) => ({
      received: (bytes) => {
        atServer.push(...[...bytes].map(String));
        accepted.write(bytes.map((byte) => byte + 1));
      },
      ended: () => {
        atServer.push('ended');
        accepted.end();
      },
      closed: () => atServer.push('closed'),
    }),
    (outcome) => {
      if (outcome.ok) listener = outcome.listener;
    },
  );
  await untilReal(() => listener !== undefined, 'it listens');
  const { address, close } = listener as unknown as Listener;
  const connection = host.network.connect(address, {
    opened: () => {
      opened = true;
    },
    received: (bytes) => atClient.push(...[...bytes].map(String)),
    ended: () => atClient.push('ended'),
    closed: () => atClient.push('closed'),
  });
  await untilReal(() => opened, 'it is open');
  return { port: address.port, connection, atServer, atClient, close: close.bind(listener) };
}

async function pass(ms: number): Promise<void> {
  let over = false;
  host.clock.setTimer(ms, () => {
    over = true;
  });
  await untilReal(() => over, `${ms} ms pass`);
}

describe('network faults of the real host', () => {
  it('moves nothing while a peer is dropped, and everything in order once it is healed', async () => {
    const line = await dial();
    const id = host.faults.inject({ kind: 'network', peer: `127.0.0.1:${line.port}`, drop: true });
    line.connection.write(new Uint8Array([1]));
    line.connection.write(new Uint8Array([2]));
    await pass(30);
    expect(line.atServer).toEqual([]);
    host.faults.heal(id);
    line.connection.write(new Uint8Array([3]));
    line.connection.end();
    await untilReal(() => line.atClient.includes('closed'), 'it is closed');
    expect(line.atServer.slice(0, 4)).toEqual(['1', '2', '3', 'ended']);
    expect(line.atClient).toEqual(['2', '3', '4', 'ended', 'closed']);
    line.close();
  });

  it('holds back the answers of a peer dropped meanwhile', async () => {
    const line = await dial();
    line.connection.write(new Uint8Array([1]));
    const id = host.faults.inject({ kind: 'network', peer: '127.0.0.1', drop: true });
    await pass(30);
    expect(line.atClient).toEqual([]);
    host.faults.heal(id);
    await untilReal(() => line.atClient.length > 0, 'the answer comes');
    line.connection.destroy();
    await untilReal(() => line.atClient.includes('closed'), 'it is closed');
    line.close();
  });

  it('delays each way, in order', async () => {
    const line = await dial();
    host.faults.inject({ kind: 'network', peer: `127.0.0.1:${line.port}`, delayMs: 25 });
    const startMs = host.clock.nowMs();
    for (const byte of [1, 3, 5]) line.connection.write(new Uint8Array([byte]));
    line.connection.end();
    await untilReal(() => line.atClient.includes('closed'), 'it is closed');
    expect(host.clock.nowMs() - startMs).toBeGreaterThanOrEqual(50);
    expect(line.atClient).toEqual(['2', '4', '6', 'ended', 'closed']);
    line.close();
  });

  it('answers nothing while paused; connections stay', async () => {
    const line = await dial();
    host.faults.inject({ kind: 'pause' });
    line.connection.write(new Uint8Array([1]));
    await pass(30);
    expect([line.atServer, line.atClient]).toEqual([[], []]);
    host.faults.healAll();
    await untilReal(() => line.atClient.includes('2'), 'the answer comes');
    line.connection.destroy();
    await untilReal(() => line.atServer.includes('closed'), 'it is closed');
    line.close();
  });

  it('makes the writer wait for what a fault holds back', async () => {
    const line = await dial();
    const id = host.faults.inject({ kind: 'network', peer: `127.0.0.1:${line.port}`, drop: true });
    let pieces = 0;
    while (line.connection.write(new Uint8Array(64 * 1024))) pieces++;
    expect(pieces).toBe(16);
    host.faults.heal(id);
    await untilReal(() => line.atServer.length === 17 * 64 * 1024, 'all has come');
    line.connection.destroy();
    await untilReal(() => line.atClient.includes('closed'), 'it is closed');
    line.close();
  });

  it('connects when the fault is healed, and gives up when destroyed before', async () => {
    const line = await dial();
    const address = { host: '127.0.0.1', port: line.port };
    host.faults.inject({ kind: 'network', peer: '127.0.0.1', drop: true });
    const events: string[] = [];
    const late = host.network.connect(address, {
      opened: () => events.push('opened'),
      received: (bytes) => events.push(...[...bytes].map(String)),
      closed: () => events.push('closed'),
    });
    late.write(new Uint8Array([7]));
    const never: string[] = [];
    const given = host.network.connect(address, {
      opened: () => never.push('opened'),
      received: () => {},
      closed: (failure) => never.push(`closed ${failure?.kind}`),
    });
    given.destroy();
    await untilReal(() => never.length > 0, 'it is closed');
    expect(never).toEqual(['closed undefined']);
    expect(events).toEqual([]);
    host.faults.healAll();
    await untilReal(() => events.includes('8'), 'the answer comes');
    expect(events).toEqual(['opened', '8']);
    late.destroy();
    line.connection.destroy();
    await untilReal(() => events.includes('closed') && line.atClient.includes('closed'), 'all is closed');
    line.close();
  });
});

function settled<T>(begin: (done: Done<T>) => void): Promise<DiskOutcome<T>> {
  return new Promise((resolve) => begin(resolve));
}

async function opened(path: string): Promise<DiskFile> {
  const outcome = await settled<DiskFile>((done) => host.disk.open(path, { create: true }, done));
  if (!outcome.ok) throw new Error(outcome.failure.message);
  return outcome.value;
}

describe('disk faults of the real host', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-faults-'));

  it('is full for whatever needs room, and for nothing else', async () => {
    const path = join(folder, 'file');
    writeFileSync(path, 'before');
    const file = await opened(path);
    host.faults.inject({ kind: 'disk', full: true });
    const written = await settled<void>((done) => file.write(0, new Uint8Array([65]), done));
    expect(written).toMatchObject({ ok: false, failure: { kind: 'full' } });
    const made = await settled<void>((done) => host.disk.makeDirectory(join(folder, 'new'), done));
    expect(made).toMatchObject({ ok: false, failure: { kind: 'full' } });
    expect(readFileSync(path, 'utf8')).toBe('before');
    expect((await settled<Uint8Array>((done) => file.read(0, 6, done))).ok).toBe(true);
    expect((await settled<void>((done) => file.sync(done))).ok).toBe(true);
    host.faults.healAll();
    expect((await settled<void>((done) => file.write(0, new Uint8Array([65]), done))).ok).toBe(true);
    expect(readFileSync(path, 'utf8')).toBe('Aefore');
    expect((await settled<void>((done) => file.close(done))).ok).toBe(true);
  });

  it('takes its time', async () => {
    host.faults.inject({ kind: 'disk', delayMs: 30 });
    const startMs = host.clock.nowMs();
    const file = await opened(join(folder, 'slow'));
    expect((await settled<void>((done) => file.sync(done))).ok).toBe(true);
    expect(host.clock.nowMs() - startMs).toBeGreaterThanOrEqual(60);
    expect((await settled<void>((done) => file.close(done))).ok).toBe(true);
    rmSync(folder, { recursive: true, force: true });
  });

  it.runIf(process.platform === 'linux')('reports a truly full disk as full', async () => {
    const file = await opened('/dev/full');
    const written = await settled<void>((done) => file.write(0, new Uint8Array([1]), done));
    expect(written).toMatchObject({ ok: false, failure: { kind: 'full' } });
    expect((await settled<void>((done) => file.close(done))).ok).toBe(true);
  });
});

describe('faultsAllowedBy', () => {
  it('lets faults in only where the environment says on', () => {
    expect(faultsAllowedBy({ HOLDFAST_FAULTS: 'on' })).toBe(true);
    for (const value of [undefined, '', 'off', 'ON', '1', 'true']) {
      expect(faultsAllowedBy({ HOLDFAST_FAULTS: value })).toBe(false);
    }
    const { faults } = nodeHost({ faultsAllowed: false });
    expect(() => faults.inject({ kind: 'pause' })).toThrow('production');
  });
});
