import { once } from 'node:events';
import { createServer } from 'node:net';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import * as grpcJs from '@grpc/grpc-js';
import { Health } from 'holdfast/grpc';
import { afterEach, describe, expect, it } from 'vitest';
import { EchoReplySchema, EchoRequestSchema, HealthCheckReplySchema } from './gen/service_a_pb.js';
import { clampDelay, delayIn } from './service-a/delay.ts';
import { viaFrom } from './service-b/via.ts';
import { ServiceProcess } from './testing/process.ts';

const serviceA = 'systems/echo/service-a/main.ts';
const serviceB = 'systems/echo/service-b/main.ts';
const alone = { HOLDFAST_REGISTRY: 'none' };
const running: ServiceProcess[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.kill()));
});

async function start(
  main: string,
  args: string[] = [],
  env: Record<string, string> = {},
): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(main, { args, env: { ...alone, ...env } });
  running.push(service);
  return service;
}

async function reply(url: string, init?: RequestInit): Promise<[number, unknown]> {
  const response = await fetch(url, init);
  return [response.status, await response.json()];
}

describe('A by itself', () => {
  it('answers its rows over HTTP', async () => {
    const a = await start(serviceA);
    expect(await reply(`${a.address}/health`)).toEqual([200, { status: 'ok' }]);
    expect(await reply(`${a.address}/echo?msg=hello`)).toEqual([200, { echo: 'hello' }]);
    expect(await reply(`${a.address}/echo`)).toEqual([200, { echo: '' }]);
    for (const text of ['a b&c=%', '🎈', 'x'.repeat(8_192), 'ü'.repeat(8_192), '\u0000\u001f']) {
      expect(await reply(`${a.address}/echo?msg=${encodeURIComponent(text)}`)).toEqual([
        200,
        { echo: text },
      ]);
    }
  });

  it('answers its rows over gRPC on the same port, to a client of another make', async () => {
    const a = await start(serviceA);
    const client = new grpcJs.Client(`127.0.0.1:${a.port}`, grpcJs.credentials.createInsecure());
    const same = (bytes: Buffer): Buffer => bytes;
    const call = (path: string, message: Uint8Array): Promise<Buffer> => {
      const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
      client.makeUnaryRequest(path, same, same, Buffer.from(message), (error, bytes) =>
        error === null && bytes !== undefined ? resolve(bytes) : reject(error),
      );
      return promise;
    };
    for (const msg of ['hello', '', 'a "b" \\ \n', '🎈']) {
      const request = toBinary(EchoRequestSchema, create(EchoRequestSchema, { msg }));
      const answer = fromBinary(EchoReplySchema, await call('/serviceA.ServiceA/Echo', request));
      expect(JSON.parse(answer.msg)).toEqual({ echo: msg });
    }
    const health = await call('/serviceA.ServiceA/HealthCheck', new Uint8Array());
    expect(fromBinary(HealthCheckReplySchema, health).status).toBe('ok');
    const standard = await call('/grpc.health.v1.Health/Check', new Uint8Array());
    expect(fromBinary(Health.method.check.output, standard).status).toBe(1);
    client.close();
    expect(await reply(`${a.address}/echo?msg=after`)).toEqual([200, { echo: 'after' }]);
  });

  it('waits as it was told at the start', async () => {
    const a = await start(serviceA, ['-d', '0.3']);
    const startedAtMs = performance.now();
    expect(await reply(`${a.address}/echo?msg=x`)).toEqual([200, { echo: 'x' }]);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(300);
  });

  it('changes its delay while it runs, with the cluster key, and refuses what is none', async () => {
    const key = 'k'.repeat(32);
    const a = await start(serviceA, [], { CLUSTER_KEY: key });
    const put = (body: string, headers: Record<string, string> = { 'x-holdfast-key': key }) =>
      reply(`${a.address}/delay`, { method: 'PUT', body, headers });
    expect(await put('{"seconds":0.2}')).toEqual([200, { seconds: 0.2 }]);
    const startedAtMs = performance.now();
    await reply(`${a.address}/echo?msg=x`);
    expect(performance.now() - startedAtMs).toBeGreaterThanOrEqual(200);
    expect(await put('{"seconds":99}')).toEqual([200, { seconds: 5 }]);
    expect(await put('{"seconds":-1}')).toEqual([200, { seconds: 0 }]);
    expect((await put('{"seconds":3}', {}))[0]).toBe(401);
    expect((await put('{"seconds":3}', { 'x-holdfast-key': 'wrong' }))[0]).toBe(401);
    for (const body of ['{"seconds":"many"}', '{"seconds":null}', '{}', '[]', '7', 'null', '', '{']) {
      const [status, answer] = await put(body);
      expect([body, status]).toEqual([body, 400]);
      expect(answer).toEqual({ error: { code: 'invalid_argument', message: expect.any(String) } });
    }
    expect(await reply(`${a.address}/delay`)).toEqual([200, { seconds: 0 }]);
  });

  it('writes its log lines as text', async () => {
    const a = await start(serviceA);
    await reply(
      `${a.address}/echo?msg=${encodeURIComponent('he said "hi"\n2026-01-01 00:00:00 ERROR service=A')}`,
    );
    const [line] = await a.line(/.*endpoint=\/echo.*/);
    const [, time, rest] = /^(\S+ \S+) (.*)$/.exec(line) ?? [];
    expect(time).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const msg = String.raw`"he said \"hi\"\n2026-01-01 00:00:00 ERROR service=A"`;
    expect(rest).toMatch(/ latency_ms=\d+$/);
    expect(rest?.replace(/\d+$/, '0')).toBe(
      `INFO service=A endpoint=/echo status=ok msg=${msg} latency_ms=0`,
    );
  });

  it('writes its log lines as JSON when asked', async () => {
    const a = await start(serviceA, [], { LOG_FORMAT: 'json' });
    await reply(`${a.address}/echo?msg=hello`);
    const [line] = await a.line(/.*"endpoint":"\/echo".*/);
    expect(JSON.parse(line)).toMatchObject({ service: 'A', endpoint: '/echo', status: 'ok', msg: 'hello' });
    for (const each of a.lines) expect(() => JSON.parse(each)).not.toThrow();
  });

  it('says that it is open without a key', async () => {
    const a = await start(serviceA);
    await a.line(/WARN service=A error="CLUSTER_KEY is not set/);
  });

  it('ends with one clear line when its port is taken', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const a = new ServiceProcess(serviceA, { env: { ...alone, PORT: String(port) } });
    expect(await a.ended()).toBe(1);
    expect(a.lines).toHaveLength(1);
    expect(a.lines[0]).toContain(`Port ${port} is already in use`);
    taken.close();
  });

  it.each([
    [['--speed', '2'], 'There is no option --speed'],
    [['-d', 'soon'], 'The delay must be a number of seconds from 0 to 5, not "soon".'],
    [['-d'], 'The delay must be a number of seconds from 0 to 5'],
  ])('refuses the options %j', async (args, words) => {
    const a = new ServiceProcess(serviceA, { args, env: alone });
    expect(await a.ended()).toBe(2);
    expect(a.lines.join('\n')).toContain(words);
  });

  it('finishes what is under way when it is asked to stop, and exits 0', async () => {
    const a = await start(serviceA, ['-d', '0.5']);
    const under = reply(`${a.address}/echo?msg=last`);
    await until(async () => (await (await fetch(`${a.address}/ready`)).json()) !== undefined);
    const ended = a.stop('SIGTERM');
    expect(await under).toEqual([200, { echo: 'last' }]);
    expect(await ended).toBe(0);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) if (await isSo()) return;
  throw new Error('Never became so.');
}

describe('B by itself', () => {
  it('takes --via and CALL_VIA, and nothing else', async () => {
    const b = await start(serviceB, [], { CALL_VIA: 'grpc', SERVICE_A_URL: 'http://127.0.0.1:1' });
    await reply(`${b.address}/call-echo?msg=x`);
    await b.line(/INFO service=B calling service=A procedure=Echo msg="x"/);
    const wrong = new ServiceProcess(serviceB, { args: ['--via', 'pigeon'], env: alone });
    expect(await wrong.ended()).toBe(2);
    expect(wrong.lines.join('\n')).toContain('B calls A over http or grpc, not "pigeon".');
  });

  it('logs what it calls and what came of it', async () => {
    const a = await start(serviceA);
    const b = await start(serviceB, [], { SERVICE_A_URL: a.address });
    await reply(`${b.address}/call-echo?msg=hello`);
    await b.line(/^\S+ \S+ INFO service=B calling service=A endpoint=\/echo msg="hello"$/);
    await b.line(/^\S+ \S+ INFO service=B endpoint=\/call-echo status=ok latency_ms=\d+$/);
    await a.stop();
    await reply(`${b.address}/call-echo?msg=hello`);
    const [line] = await b.line(/ERROR service=B .*/);
    expect(line).toMatch(
      /^ERROR service=B endpoint=\/call-echo status=error error="Provider is down or unre/,
    );
    expect(line).toMatch(/ECONNREFUSED.*" latency_ms=\d+$/);
  });

  it('refuses an address of A that is none', async () => {
    const b = new ServiceProcess(serviceB, { env: { ...alone, SERVICE_A_URL: 'localhost:8080' } });
    expect(await b.ended()).toBe(1);
    expect(b.lines.join('\n')).toContain('The address of echo-a must look like http://127.0.0.1:8080');
  });
});

describe('options', () => {
  it.each<[string[], number]>([
    [[], 0],
    [['-d', '2'], 2],
    [['-d2'], 2],
    [['-d=2'], 2],
    [['--delay', '1.5'], 1.5],
    [['--delay=0.1'], 0.1],
    [['-d', '9'], 5],
    [['-d', '-3'], 0],
  ])('delay %j', (args, seconds) => {
    expect(delayIn(args)).toBe(seconds);
  });

  it.each(['', ' ', 'x', Number.NaN, null, undefined, {}, [], true])('no delay: %j', (value) => {
    expect(() => clampDelay(value)).toThrow('must be a number of seconds');
  });

  it.each<[string[], string | undefined, string]>([
    [[], undefined, 'http'],
    [[], 'grpc', 'grpc'],
    [['--via', 'http'], 'grpc', 'http'],
    [['--via=grpc'], undefined, 'grpc'],
  ])('via %j, CALL_VIA %s: %s', (args, CALL_VIA, via) => {
    expect(viaFrom(args, { CALL_VIA })).toBe(via);
  });

  it('no via', () => {
    expect(() => viaFrom(['--via'], {})).toThrow('over http or grpc');
    expect(() => viaFrom(['-x'], {})).toThrow('There is no option -x');
  });
});
