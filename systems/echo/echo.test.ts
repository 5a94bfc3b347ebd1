import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { answering, answeringHttp2, type FakeA } from './testing/fake-a.ts';
import { ServiceProcess } from './testing/process.ts';

const serviceA = 'systems/echo/service-a/main.ts';
const serviceB = 'systems/echo/service-b/main.ts';
const registryMain = 'src/servers/registry/main.ts';
const key = 'test-key-test-key-test-key-test-key';

const running: (ServiceProcess | FakeA)[] = [];

afterEach(async () => {
  await Promise.all(
    running.splice(0).map((each) => (each instanceof ServiceProcess ? each.kill() : each.close())),
  );
});

async function start(...options: Parameters<typeof ServiceProcess.start>): Promise<ServiceProcess> {
  const service = await ServiceProcess.start(...options);
  running.push(service);
  return service;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly tookMs: number;
}

async function get(url: string): Promise<Reply> {
  const startedAtMs = performance.now();
  const response = await fetch(url);
  const body = await response.json();
  return { status: response.status, body, tookMs: performance.now() - startedAtMs };
}

const callEcho = (b: ServiceProcess, msg: string): Promise<Reply> =>
  get(`${b.address}/call-echo?msg=${encodeURIComponent(msg)}`);

const unavailable = (error: unknown) => ({ service_b: 'ok', service_a: 'unavailable', error });
const echoed = (msg: string) => ({ service_b: 'ok', service_a: { echo: msg } });

const texts = [
  'hello',
  '',
  'a b&c=%',
  '"quoted"\n\ttabs',
  '🎈🎉',
  'größe',
  '日本語',
  '𝔘'.repeat(2_048),
  'x'.repeat(8_192),
];

/** How B finds A: through a registry of its own, or at an address. */
class Place {
  readonly found: 'registry' | 'SERVICE_A_URL';
  readonly portOfA: number;
  readonly #registry: ServiceProcess | undefined;

  static async make(found: Place['found']): Promise<Place> {
    const registry =
      found === 'registry' ? await start(registryMain, { env: { CLUSTER_KEY: key } }) : undefined;
    return new Place(found, await freePort(), registry);
  }

  constructor(found: Place['found'], portOfA: number, registry: ServiceProcess | undefined) {
    this.found = found;
    this.portOfA = portOfA;
    this.#registry = registry;
  }

  get env(): Record<string, string> {
    return { HOLDFAST_REGISTRY: this.#registry?.address ?? 'none', CLUSTER_KEY: key };
  }

  /** Always at the same port, so that it can come back. */
  async a(...args: string[]): Promise<ServiceProcess> {
    const a = await start(serviceA, { args, env: { ...this.env, PORT: String(this.portOfA) } });
    if (this.found === 'registry') await a.line(/ registered /);
    return a;
  }

  b(via: string): Promise<ServiceProcess> {
    const url = `http://127.0.0.1:${this.portOfA}`;
    const address: Record<string, string> = this.found === 'registry' ? {} : { SERVICE_A_URL: url };
    return start(serviceB, { args: ['--via', via], env: { ...this.env, ...address } });
  }
}

/** Until it is so: what another process knows takes a moment to arrive. */
async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const untilMs = performance.now() + 10_000;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error(`Not within 10 s: ${what}`);
  }
}

const ways = (['http', 'grpc'] as const).flatMap((via) =>
  (['registry', 'SERVICE_A_URL'] as const).map((found) => ({ via, found })),
);

describe.each(ways)('B calls A over $via, found through $found', ({ via, found }) => {
  it('passes any text on unchanged', async () => {
    const place = await Place.make(found);
    await place.a();
    const b = await place.b(via);
    for (const text of texts) {
      const { status, body } = await callEcho(b, text);
      expect([status, body]).toEqual([200, echoed(text)]);
    }
    expect((await get(`${b.address}/call-echo`)).body).toEqual(echoed(''));
  });

  it('A stopped: 503 at once, B healthy; A back: the next call succeeds', async () => {
    const place = await Place.make(found);
    const a = await place.a();
    const b = await place.b(via);
    expect((await callEcho(b, 'one')).status).toBe(200);
    await a.stop();
    for (let index = 0; index < 3; index++) {
      const { status, body, tookMs } = await callEcho(b, 'two');
      expect([status, body]).toEqual([503, unavailable('Provider is down or unreachable')]);
      expect(tookMs).toBeLessThan(900);
    }
    expect((await get(`${b.address}/health`)).body).toEqual({ status: 'ok' });
    await place.a();
    if (found === 'registry')
      await until('B hears of A', async () => (await callEcho(b, 'x')).status === 200);
    expect((await callEcho(b, 'three')).body).toEqual(echoed('three'));
  });

  it('A never started: 503 at once', async () => {
    const place = await Place.make(found);
    const b = await place.b(via);
    const { status, body, tookMs } = await callEcho(b, 'x');
    expect([status, body]).toEqual([503, unavailable('Provider is down or unreachable')]);
    expect(tookMs).toBeLessThan(900);
  });

  it('A slow: 503 after one second; its log says why', async () => {
    const place = await Place.make(found);
    await place.a('--delay', '3');
    const b = await place.b(via);
    await callEcho(b, 'warm');
    const { status, body, tookMs } = await callEcho(b, 'slow');
    expect([status, body]).toEqual([503, unavailable('Request timed out')]);
    expect(tookMs).toBeGreaterThan(990);
    expect(tookMs).toBeLessThan(1_100);
    const [line] = await b.line(/ERROR service=B .*/);
    expect(line).toMatch(/^ERROR service=B endpoint=\/call-echo status=error error="Request timed out: /);
    expect(line).toMatch(/did not answer within 1000 ms\." latency_ms=1\d\d\d$/);
  });

  it('A killed in mid-answer: 503', async () => {
    const place = await Place.make(found);
    const a = await place.a('-d', '5');
    const b = await place.b(via);
    const call = callEcho(b, 'x');
    await b.line(/calling service=A/);
    await a.kill();
    const { status, body, tookMs } = await call;
    expect([status, body]).toEqual([503, unavailable('Provider is down or unreachable')]);
    expect(tookMs).toBeLessThan(1_000);
  });
});

describe('A answers, but not as it should', () => {
  async function through(via: string, fake: FakeA): Promise<Reply> {
    running.push(fake);
    const env = { HOLDFAST_REGISTRY: 'none', SERVICE_A_URL: fake.address };
    const b = await start(serviceB, { args: ['--via', via], env });
    const reply = await callEcho(b, 'x');
    expect((await get(`${b.address}/health`)).status).toBe(200);
    return reply;
  }

  const json = (status: string, body: string) => {
    const head = ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(body)}`];
    return `HTTP/1.1 ${status}\r\n${head.join('\r\n')}\r\n\r\n${body}`;
  };

  it.each<[string, string, string]>([
    [
      '500',
      json('500 Internal Server Error', '{"oh":"no"}'),
      'Provider answered with status 500: "{\\"oh\\":\\"no\\"}"',
    ],
    ['404', json('404 Not Found', ''), 'Provider answered with status 404: ""'],
    ['302', json('302 Found', ''), 'Provider answered with status 302: ""'],
    ['no JSON', json('200 OK', '<html>'), 'Provider answered with something that is no echo: "<html>"'],
    [
      'other JSON',
      json('200 OK', '{"echo":7}'),
      'Provider answered with something that is no echo: "{\\"echo\\":7}"',
    ],
    ['null', json('200 OK', 'null'), 'Provider answered with something that is no echo: "null"'],
    ['no HTTP', '220 smtp ready\r\n', 'not HTTP'],
    [
      'half a body',
      'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"echo":',
      'Provider is down or unreachable',
    ],
    ['half a header', 'HTTP/1.1 200 OK\r\nContent-Le', 'Provider is down or unreachable'],
    ['nothing', '', 'Provider is down or unreachable'],
  ])('HTTP, %s: 503 that says so', async (_, bytes, words) => {
    const { status, body, tookMs } = await through('http', await answering(bytes));
    expect(status).toBe(503);
    expect(body).toEqual(unavailable(expect.stringContaining(words)));
    expect(tookMs).toBeLessThan(1_000);
  });

  it.each<[string, () => Promise<FakeA>, string]>([
    [
      'HTTP 500',
      () => answeringHttp2((stream) => stream.respond({ ':status': 500 }, { endStream: true })),
      'HTTP status 500',
    ],
    [
      'status internal',
      () =>
        answeringHttp2((stream) =>
          stream.respond({ 'grpc-status': '13', 'grpc-message': 'oh no' }, { endStream: true }),
        ),
      'Provider answered with an error: oh no',
    ],
    ['a reset', () => answeringHttp2((stream) => stream.close(2)), 'Provider is down or unreachable'],
    [
      'half a message',
      () =>
        answeringHttp2((stream) => {
          stream.respond({ ':status': 200 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.from([0, 0, 0, 0, 9, 1]));
        }),
      'in the middle of a message',
    ],
    [
      'no echo in it',
      () =>
        answeringHttp2((stream) => {
          stream.respond({ ':status': 200 }, { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
          stream.end(Buffer.from([0, 0, 0, 0, 4, 10, 2, 104, 105]));
        }),
      'Provider answered with something that is no echo: "hi"',
    ],
    ['HTTP/1.1', () => answering('HTTP/1.1 400 Bad Request\r\n\r\n'), 'Provider is down or unreachable'],
  ])('gRPC, %s: 503 that says so', async (_, fake, words) => {
    const { status, body, tookMs } = await through('grpc', await fake());
    expect(status).toBe(503);
    expect(body).toEqual(unavailable(expect.stringContaining(words)));
    expect(tookMs).toBeLessThan(1_000);
  });
});
