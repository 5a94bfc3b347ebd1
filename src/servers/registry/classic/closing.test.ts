import { expect, it } from 'vitest';
import { EmbeddedStore, type PutOutcome } from '../../../registry/index.ts';
import { createLogger } from '../../../telemetry/index.ts';
import { host } from '../testing/registry-under-test.ts';
import { ClassicRegistry } from './classic-registry.ts';
import type { Enrolment, RemovalOutcome } from './enrolments.ts';
import { MemoryEnrolments } from './memory-enrolments.ts';
import { parseRegistration } from './registration.ts';
import { ProbedServer } from './testing/classic-under-test.ts';

/** They take their time over a removal. */
class SlowEnrolments extends MemoryEnrolments {
  readonly asked = Promise.withResolvers<void>();
  readonly answer = Promise.withResolvers<void>();

  override async remove(enrolment: Pick<Enrolment, 'id' | 'incarnation'>): Promise<RemovalOutcome> {
    this.asked.resolve();
    await this.answer.promise;
    return super.remove(enrolment);
  }
}

it('does not end before what it gives up is given up for good', async () => {
  const store = new EmbeddedStore({ host, warmingMs: 0 });
  const enrolments = new SlowEnrolments();
  const log = createLogger({ format: 'text', level: 'info', write: () => {} });
  const classic = await ClassicRegistry.start({ host, log, store, enrolments });
  const server = await ProbedServer.start();
  const { service, id, ...given } = parseRegistration({ host: server.host, type: 'authen' });
  expect(await classic.register({ service, id, ...given })).toEqual({ result: 'registered' });
  // Of a later start than anything here, so that it is left to that process.
  const incarnation = 'zzzzzzzzz-00000000';
  const instance = { id, incarnation, host: '127.0.0.1', port: 9, state: 'ready', weight: 1 } as const;
  await new Promise<PutOutcome>((done) => store.put({ service, instance, leaseMs: 60_000 }, done));
  await enrolments.asked.promise;
  let isClosed = false;
  const closed = classic.close().then(() => {
    isClosed = true;
  });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  enrolments.answer.resolve();
  await closed;
  expect(await enrolments.list()).toEqual({ result: 'kept', enrolments: [] });
  store.close();
  await server.die();
});
