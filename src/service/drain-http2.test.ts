import { once } from 'node:events';
import * as http2 from 'node:http2';
import { connect } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { grpcService, Health } from '../grpc/index.ts';
import type { ServiceLimits } from './limits.ts';
import { isRefused } from './testing/raw-connection.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

const stops: (() => unknown)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

interface Subject extends ServiceUnderTest {
  /** Calls that were carried out. */
  readonly handled: () => number;
  /** Lets the calls go that wait. */
  readonly release: () => void;
}

/** A service with one procedure, borrowed from the health service, that answers when it may. */
async function startSubject(waits: boolean, limits: Partial<ServiceLimits> = {}): Promise<Subject> {
  const gate = Promise.withResolvers<void>();
  if (!waits) gate.resolve();
  let handled = 0;
  const { check } = Health.method;
  const desc = { ...Health, typeName: 'test.Subject', methods: [check], method: { check } };
  const subject = await startUnderTest(
    {
      grpc: () => [
        grpcService(
          desc as never,
          {
            async check() {
              handled += 1;
              await gate.promise;
              return { status: 1 };
            },
          } as never,
        ),
      ],
    },
    { limits: { drainQuietMs: 2_000, ...limits } },
  );
  stops.push(() => {
    gate.resolve();
    return subject.stop();
  });
  return { ...subject, handled: () => handled, release: gate.resolve };
}

function open(subject: Subject, socket?: ReturnType<typeof connect>): http2.ClientHttp2Session {
  const options = socket === undefined ? {} : { createConnection: () => socket };
  const session = http2.connect(subject.service.address, options);
  session.on('error', () => {});
  stops.push(() => session.destroy());
  return session;
}

/** The bytes of the answer to `Health/Check`. */
async function health(session: http2.ClientHttp2Session): Promise<Buffer> {
  const stream = session.request({
    ':method': 'POST',
    ':path': '/grpc.health.v1.Health/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  stream.end(Buffer.alloc(5));
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** `ok`, or what became of it: `refused` was provably not carried out. */
async function call(session: http2.ClientHttp2Session): Promise<string> {
  if (session.closed || session.destroyed) return 'unsent';
  const stream = session.request({
    ':method': 'POST',
    ':path': '/test.Subject/Check',
    'content-type': 'application/grpc',
    te: 'trailers',
  });
  let status: unknown;
  stream.on('trailers', (trailers) => {
    status = trailers['grpc-status'];
  });
  stream.on('error', () => {});
  stream.resume();
  stream.end(Buffer.alloc(5));
  await new Promise((resolve) => stream.once('close', resolve));
  if (status === '0') return 'ok';
  return stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM ? 'refused' : `failed ${stream.rstCode}`;
}

it('a connection is told to take no new calls; the one under way is finished, then it closes', async () => {
  const subject = await startSubject(true);
  const session = open(subject);
  const goaway = once(session, 'goaway');
  const closed = once(session, 'close');
  const first = call(session);
  await expect.poll(subject.handled).toBe(1);
  const drained = subject.service.drain();
  const [code, lastStreamId] = await goaway;
  expect([code, lastStreamId]).toEqual([http2.constants.NGHTTP2_NO_ERROR, 1]);
  expect(await call(session)).toBe('unsent');
  subject.release();
  expect(await first).toBe('ok');
  await Promise.all([closed, drained]);
});

it('the health service says NOT_SERVING as soon as the service drains', async () => {
  const subject = await startSubject(false);
  expect([...(await health(open(subject)))]).toEqual([0, 0, 0, 0, 2, 8, 1]);
  const socket = connect({ port: subject.service.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const drained = subject.service.drain();
  expect([...(await health(open(subject, socket)))]).toEqual([0, 0, 0, 0, 2, 8, 2]);
  await drained;
});

it('a connection taken before the port closed has its first call served', async () => {
  const subject = await startSubject(false);
  const socket = connect({ port: subject.service.port, host: '127.0.0.1' });
  await once(socket, 'connect');
  const drained = subject.service.drain();
  await expect.poll(() => isRefused(subject.service.port)).toBe(true);
  const session = open(subject, socket);
  const goaway = once(session, 'goaway');
  expect(await call(session)).toBe('ok');
  await goaway;
  await drained;
});

it('calls that meet the end of their connection are carried out and answered, or refused', async () => {
  const outcomes: string[] = [];
  let handled = 0;
  for (let round = 0; round < 5; round++) {
    const subject = await startSubject(false);
    const caller = async (session: http2.ClientHttp2Session): Promise<void> => {
      while (!session.closed && !session.destroyed) {
        outcomes.push(...(await Promise.all([call(session), call(session), call(session)])));
      }
    };
    const callers = Promise.all([caller(open(subject)), caller(open(subject))]);
    await expect.poll(subject.handled).toBeGreaterThan(100);
    await subject.service.drain();
    await callers;
    handled += subject.handled();
  }
  const count = (wanted: string): number => outcomes.filter((outcome) => outcome === wanted).length;
  expect([...new Set(outcomes)].filter((each) => !['ok', 'refused', 'unsent'].includes(each))).toEqual([]);
  expect(count('ok')).toBe(handled);
});

it('a caller that does not close its side is given up after a moment', async () => {
  const subject = await startSubject(false, { drainQuietMs: 0, lingerMs: 50 });
  const socket = connect({ port: subject.service.port, host: '127.0.0.1', allowHalfOpen: true });
  stops.push(() => socket.destroy());
  await once(socket, 'connect');
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
  await once(socket, 'data');
  socket.resume();
  const startedAtMs = performance.now();
  await subject.service.drain();
  expect(performance.now() - startedAtMs).toBeLessThan(2_000);
});
