import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { HoldfastError } from '../std/index.ts';
import type { ServiceLimits } from './limits.ts';
import { isRefused } from './testing/raw-connection.ts';
import { type ServiceUnderTest, startUnderTest } from './testing/service-under-test.ts';

/** A service whose `/slow` waits for `release` and which notes what it carried out. */
interface Subject extends ServiceUnderTest {
  readonly release: () => void;
  readonly done: string[];
}

const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  await Promise.all(stops.splice(0).map((stop) => stop()));
});

async function startSubject(limits: Partial<ServiceLimits> = {}): Promise<Subject> {
  const gate = Promise.withResolvers<void>();
  const done: string[] = [];
  const subject = await startUnderTest(
    {
      http(app) {
        app.addHook('onRequest', async ({ url }) => void done.push(url));
        app.get('/slow', async () => {
          await gate.promise;
          return { slow: true };
        });
        app.post('/:name', async () => ({ quick: true }));
        app.get('/:name', async () => ({ quick: true }));
      },
    },
    // A busy machine must not decide whether a request came in time.
    { limits: { drainQuietMs: 2_000, ...limits } },
  );
  stops.push(async () => {
    gate.resolve();
    await subject.stop();
  });
  return { ...subject, release: gate.resolve, done };
}

const closes = { connection: 'close' };

describe('a connection that is kept while the service drains', () => {
  it('learns that it is not ready, with the word that this is the last answer', async () => {
    const { service, connect } = await startSubject();
    const [first, second] = [await connect(), await connect()];
    expect((await first.send('GET', '/ready').answer()).status).toBe(200);
    expect((await second.send('GET', '/one').answer()).headers.connection).toBe('keep-alive');
    const drained = service.drain();
    const ready = await first.send('GET', '/ready').answer();
    expect(ready).toMatchObject({ status: 503, body: '{"status":"draining"}', headers: closes });
    await expect.poll(() => isRefused(service.port)).toBe(true);
    const served = await second.send('POST', '/two', [], '{}').answer();
    expect(served).toMatchObject({ status: 200, body: '{"quick":true}', headers: closes });
    await Promise.all([first.ended(), second.ended()]);
    for (const each of [first, second]) each.close();
    await drained;
  });

  it('and has not been used yet is served as well', async () => {
    const { service, connect } = await startSubject();
    const connection = await connect();
    const drained = service.drain();
    expect(await connection.send('GET', '/one').answer()).toMatchObject({ status: 200, headers: closes });
    connection.close();
    await drained;
  });

  it('and has brought half a request is served when the rest comes', async () => {
    const { service, connect } = await startSubject({ drainQuietMs: 0 });
    const connection = await connect();
    await connection.send('GET', '/one').answer();
    connection.write('POST /two HTTP/1.1\r\nHost: test\r\nContent-');
    // Whoever is answered later was read later.
    const other = await connect();
    await other.send('GET', '/ready').answer();
    const drained = service.drain();
    await other.ended();
    other.close();
    connection.write('Length: 2\r\n\r\n{}');
    expect(await connection.answer()).toMatchObject({ status: 200, headers: closes });
    connection.close();
    await drained;
  });

  it('is closed for writing, not reset, when it has been quiet', async () => {
    const { service, connect, done } = await startSubject({ drainQuietMs: 0 });
    const connection = await connect();
    await connection.send('GET', '/one').answer();
    const drained = service.drain();
    await connection.ended();
    // A reset would be here within a turn or two.
    for (let turn = 0; turn < 20; turn++) {
      connection.send('GET', '/late');
      await new Promise((resolve) => setImmediate(resolve));
    }
    connection.socket.end();
    await Promise.all([drained, once(connection.socket, 'close')]);
    expect([connection.failure, connection.unread]).toEqual([undefined, '']);
    expect(done).toEqual(['/one']);
  });

  it('is given up after a moment when its caller does not close it', async () => {
    const { service, connect } = await startSubject({ drainQuietMs: 0, lingerMs: 50 });
    const connection = await connect();
    await connection.send('GET', '/one').answer();
    const startedAtMs = performance.now();
    await service.drain();
    expect(performance.now() - startedAtMs).toBeLessThan(2_000);
    await connection.ended();
  });
});

describe('requests sent ahead on one connection', () => {
  it('are all answered, the last of them with the word that the connection closes', async () => {
    const { service, connect, release, done } = await startSubject();
    const connection = (await connect()).send('GET', '/slow').send('POST', '/two', [], '{}');
    await expect.poll(() => done).toEqual(['/slow', '/two']);
    const drained = service.drain();
    connection.send('GET', '/three');
    await expect.poll(() => done).toHaveLength(3);
    release();
    expect(await connection.answer()).toMatchObject({ body: '{"slow":true}', headers: {} });
    expect((await connection.answer()).status).toBe(200);
    expect((await connection.answer()).status).toBe(200);
    await connection.ended();
    connection.close();
    await drained;
    expect(connection.failure).toBeUndefined();
  });

  it('are not carried out behind the one whose answer closes, and destroy no answer', async () => {
    const { service, connect, done } = await startSubject();
    const connection = await connect();
    const drained = service.drain();
    connection.send('GET', '/last');
    await connection.answer();
    for (let n = 0; n < 20; n++) {
      connection.send('POST', '/behind', [], '{"n":1}');
      await new Promise((resolve) => setImmediate(resolve));
    }
    await connection.ended();
    connection.socket.end();
    await Promise.all([drained, once(connection.socket, 'close')]);
    expect(done).toEqual(['/last']);
    expect(connection.failure).toBeUndefined();
  });
});

describe('callers that know nothing of it', () => {
  /**
   * Requests one after the other until no connection can be had. A connection that the system had not handed
   * over when the port closed is reset by it: whatever else goes wrong is what this returns.
   */
  async function callUntilRefused(
    port: number,
    path: string,
  ): Promise<{ served: number; wrong: string[] }> {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const wrong: string[] = [];
    for (let served = 0; ; served++) {
      let isKept = false;
      const failure = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
        const sent = request({ port, host: '127.0.0.1', path, method: 'POST', agent }, (answer) => {
          if (answer.statusCode !== 200) resolve(new HoldfastError('unknown', `${answer.statusCode}`));
          answer.resume();
          answer.on('end', () => resolve(undefined));
          answer.on('error', resolve);
        });
        sent.on('error', (error) => {
          isKept = sent.reusedSocket;
          resolve(error);
        });
        sent.end('{}');
      });
      if (failure === undefined) continue;
      agent.destroy();
      const neverTaken = !isKept && /^ECONN(REFUSED|RESET)$/.test(failure.code ?? '');
      if (!neverTaken) wrong.push(`${failure.code} ${failure.message}`);
      return { served, wrong };
    }
  }

  it('lose no request on a connection of theirs, however fast they come', async () => {
    for (let round = 0; round < 5; round++) {
      const { service, done } = await startSubject({ drainQuietMs: 100 });
      const callers = ['/a', '/b', '/c', '/d'].map((path) => callUntilRefused(service.port, path));
      await expect.poll(() => done.length).toBeGreaterThan(200);
      await service.drain();
      const outcomes = await Promise.all(callers);
      expect(outcomes.flatMap(({ wrong }) => wrong)).toEqual([]);
      expect(outcomes.reduce((sum, { served }) => sum + served, 0)).toBe(done.length);
    }
  });
});
