import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { LoadProgram, type Target } from './load.ts';
import {
  type StandIn,
  standInEtcdGrpc,
  standInEtcdJson,
  standInKvs,
  standInRedis,
} from './testing/stand-in.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-load-test-'));
const canCompile = process.platform === 'linux' && spawnSync('gcc', ['--version']).status === 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

if (canCompile) describe('the load program', against);
else {
  it('says what it needs where it cannot be compiled', () => {
    expect(() => LoadProgram.compile(folder)).toThrow(/apt-get install gcc|on Linux only/);
  });
}

type Protocol = Target['protocol'];

const start: Record<Protocol, (refuses?: boolean) => Promise<StandIn>> = {
  kvs: (refuses) => standInKvs(() => (refuses ? 503 : undefined)),
  'etcd-json': standInEtcdJson,
  'etcd-grpc': (refuses) => standInEtcdGrpc(() => (refuses ? 14 : undefined)),
  redis: (refuses = false) => standInRedis({ refuses }),
};

function against(): void {
  const load = LoadProgram.compile(folder);
  const open: StandIn[] = [];
  const started = async (server: Promise<StandIn>): Promise<StandIn> => {
    open.push(await server);
    return open.at(-1) as StandIn;
  };
  const target = (
    protocol: Protocol,
    servers: readonly StandIn[],
    options: readonly string[] = [],
  ): Target => ({
    protocol,
    addresses: servers.map(({ address }) => address),
    options,
  });
  const short = ['--warmup-ms', '20', '--measured-ms', '300'];
  afterEach(() => {
    for (const server of open.splice(0)) server.close();
  });

  describe.each(Object.keys(start) as Protocol[])('%s', (protocol) => {
    it('fills, finds what it wrote, and measures', async () => {
      const server = await started(start[protocol]());
      const to = target(protocol, [server], ['--keys', '150', '--connections', '7']);
      const filled = await load.run(to, 'fill');
      expect(filled).toMatchObject({ operations: 150, errors: {} });
      expect(server.values.size).toBe(150);
      expect(server.values.get('key-00150')).toMatch(/^key-00150\.[0-9a-f]{16}\.[\w-]{73}$/);
      expect(await load.run(to, 'check')).toEqual({ checked: 150, wrong: 0 });
      for (const plan of ['put', 'get'] as const) {
        let begun = 0;
        const result = await load.run(to, plan, short, () => begun++);
        expect(begun).toBe(1);
        expect(result).toMatchObject({ errors: {}, seconds: expect.closeTo(0.3, 1) });
        expect(result.operations).toBeGreaterThan(0);
        const { p50, p99, p999, max } = result.latencyUs;
        expect([p50, p99, p999, max].toSorted((left, right) => left - right)).toEqual([
          p50,
          p99,
          p999,
          max,
        ]);
      }
    });

    it('finds a lost, a foreign and a damaged value', async () => {
      const server = await started(start[protocol]());
      const to = target(protocol, [server], ['--keys', '20', '--connections', '3']);
      await load.run(to, 'fill');
      server.values.delete('key-00003');
      server.values.set('key-00004', server.values.get('key-00005') as string);
      server.values.set('key-00006', `${server.values.get('key-00006')?.slice(0, -1)}!`);
      expect(await load.run(to, 'check')).toEqual({ checked: 20, wrong: 3 });
      server.values.clear();
      const { operations, errors } = await load.run(to, 'get', short);
      expect(Object.values(errors)).toEqual(operations === 0 ? [] : [operations]);
    });

    it('sees on one server what was written on another', async () => {
      const [one, other] = [await started(start[protocol]()), await started(start[protocol]())];
      const passing = setInterval(() => {
        for (const [key, value] of one.values) other.values.set(key, value);
      }, 20);
      const options = ['--connections', '64', '--per-s', '100', '--keys', '1000'];
      const result = await load.run(target(protocol, [one, other], options), 'visibility', short);
      clearInterval(passing);
      expect(result).toMatchObject({ late: 0, unwatched: 0, lost: 0, errors: {} });
      expect(result.written).toBeGreaterThan(5);
      expect(result.seen).toBeGreaterThanOrEqual(Math.floor(result.written / 4));
      expect(result.reads).toBeGreaterThan(result.seen);
    });
  });

  it.each([
    ['kvs', '503'],
    ['etcd-grpc', '14'],
    ['redis', '1'],
  ] as const)('counts what %s refuses', async (protocol, status) => {
    const to = target(protocol, [await started(start[protocol](true))], ['--keys', '12']);
    const { operations, errors } = await load.run(to, 'fill');
    expect([operations, errors]).toEqual([12, { [status]: 12 }]);
  });

  it('spreads its connections over the servers', async () => {
    const servers = [await started(standInKvs()), await started(standInKvs()), await started(standInKvs())];
    await load.run(target('kvs', servers, ['--keys', '300', '--connections', '6']), 'fill');
    for (const { values } of servers) expect(values.size).toBeGreaterThan(50);
  });

  it('asks kvs for copies, and sends metadata back only when it is told to', async () => {
    const server = await started(standInKvs());
    const plain = target('kvs', [server], ['--keys', '2', '--copies', '2']);
    await load.run(plain, 'fill');
    const bodies = server.bodies.map((body) => JSON.parse(body) as object);
    expect(bodies[1]).toMatchObject({ 'causal-metadata': null, copies: 2 });
    await load.run(target('kvs', [server], ['--keys', '2', '--causal']), 'check');
    const metadata = server.bodies.slice(2).map((body) => JSON.parse(body)['causal-metadata']);
    const clocks = metadata.map((each) => each?.clock as number | undefined);
    expect(clocks).toEqual([undefined, 3, 4, 5, 6, 7]);
    expect(metadata[1]?.note).toBe('a "}" in it');
  });

  it('counts writes that are on fewer disks than were asked for', async () => {
    const to = target('kvs', [await started(standInKvs())], ['--keys', '5', '--copies', '4']);
    expect(await load.run(to, 'fill')).toMatchObject({ operations: 5, errors: { '202': 5 } });
  });

  it('has many streams on a connection, and waits for room to send', async () => {
    const server = await started(standInEtcdGrpc());
    const options = ['--keys', '200', '--lanes', '50', '--value-bytes', '2000'];
    const to = target('etcd-grpc', [server], options);
    // 50 requests of more than 2,000 bytes are more than the 65,535 that may be sent unasked.
    expect(await load.run(to, 'fill')).toMatchObject({ operations: 200, errors: {} });
    expect(await load.run(to, 'check')).toEqual({ checked: 200, wrong: 0 });
  });

  it('puts an answer together that comes in pieces', async () => {
    const server = await started(standInRedis({ inPieces: true }));
    const to = target('redis', [server], ['--keys', '10', '--connections', '2']);
    await load.run(to, 'fill');
    expect(await load.run(to, 'check')).toEqual({ checked: 10, wrong: 0 });
  });

  it('ends with a sentence when it cannot go on', async () => {
    const server = await started(standInKvs());
    const to = target('kvs', [server]);
    await expect(load.run(to, 'put', ['--lanes', '2'])).rejects.toThrow('one request at a time');
    await expect(load.run(to, 'put', ['--keys', 'many'])).rejects.toThrow('--keys is from 1 to');
    server.close();
    await expect(load.run(to, 'put')).rejects.toThrow(`Cannot connect to ${server.address}`);
  });
}
