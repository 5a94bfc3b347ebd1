import { expect, it } from 'vitest';
import type { ServiceDefinition } from './define.ts';
import type { StartOptions } from './start.ts';
import { isRefused } from './testing/raw-connection.ts';
import { startUnderTest } from './testing/service-under-test.ts';

/** A service whose `/slow` waits for `release`, and tells when it was reached. */
async function startSlow(options: Partial<StartOptions> = {}) {
  const release = Promise.withResolvers<void>();
  const reached = Promise.withResolvers<void>();
  const http: ServiceDefinition['http'] = (app) => {
    app.get('/slow', async () => {
      reached.resolve();
      await release.promise;
      return { done: true };
    });
  };
  return { ...(await startUnderTest({ http }, options)), release, reached };
}

it('closes unused connections and refuses new ones', async () => {
  const { service, connect } = await startSlow();
  const used = await connect();
  const silent = await connect();
  await used.send('GET', '/health').answer();
  await service.drain();
  await Promise.all([used.ended(), silent.ended()]);
  expect(await isRefused(service.port)).toBe(true);
  expect(service.state).toBe('draining');
});

it('finishes what is under way, and says that the connection closes', async () => {
  const { service, connect, release, reached, logged } = await startSlow();
  const connection = (await connect()).send('GET', '/slow');
  await reached.promise;
  const drained = service.drain();
  await expect.poll(() => isRefused(service.port)).toBe(true);
  release.resolve();
  const answer = await connection.answer();
  expect(answer).toMatchObject({ status: 200, body: '{"done":true}', headers: { connection: 'close' } });
  await connection.ended();
  await drained;
  expect(logged.join('')).toMatch(/draining under_way=1\n.*stopped\n$/);
});

it('cuts off what takes longer than its bound', async () => {
  const { service, connect, reached, logged } = await startSlow({ limits: { drainTimeoutMs: 100 } });
  const connection = (await connect()).send('GET', '/slow');
  await reached.promise;
  const startedAtMs = performance.now();
  await service.drain();
  expect(performance.now() - startedAtMs).toBeLessThan(1_500);
  await connection.ended();
  expect(connection.unread).toBe('');
  expect(logged.join('')).toMatch(/WARN service=S cut off under_way=1\n/);
});

it('of an orphan fits into the time it is given', async () => {
  const { service, connect, reached } = await startSlow();
  (await connect()).send('GET', '/slow');
  await reached.promise;
  const startedAtMs = performance.now();
  await service.drain(200);
  expect(performance.now() - startedAtMs).toBeLessThan(700);
});

it('asked for twice is the same drain', async () => {
  const { service, logged } = await startSlow();
  await Promise.all([service.drain(), service.drain()]);
  expect(logged.join('').match(/stopped/g)).toHaveLength(1);
});

it("runs the service's own onClose hooks after the last answer", async () => {
  const order: string[] = [];
  const release = Promise.withResolvers<void>();
  const { service, connect } = await startUnderTest({
    http(app) {
      app.addHook('onClose', async () => void order.push('closed'));
      app.get('/slow', async () => {
        order.push('asked');
        await release.promise;
        order.push('answered');
        return {};
      });
    },
  });
  const connection = (await connect()).send('GET', '/slow');
  await expect.poll(() => order).toEqual(['asked']);
  const drained = service.drain();
  release.resolve();
  await connection.answer();
  await drained;
  expect(order).toEqual(['asked', 'answered', 'closed']);
});

it('goes on when a hook fails, and says so', async () => {
  const { service, logged } = await startUnderTest({
    http(app) {
      app.addHook('onClose', async () => {
        throw new Error('disk gone');
      });
    },
  });
  await service.drain();
  expect(logged.join('')).toMatch(/ERROR .*did not close cleanly: disk gone/);
  expect(logged.at(-1)).toMatch(/stopped/);
});
