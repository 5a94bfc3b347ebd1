import { nodeHost } from 'holdfast/host/node';
import { type RunningService, startService } from 'holdfast/service';
import { afterEach, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { kvs } from './service.ts';

/** A replica whose view has texts that neither VIEW nor PUT /view takes. */

const odd = ['größe:9', 'x?y#z:1', '127.0.0.1:00080'];
const address = '127.0.0.1:8090';
let service: RunningService;

afterEach(() => service.drain(0));

it('any member is taken out; what is neither a member nor an address is told so', async () => {
  const environment = readEnvironment({ DATA_DIR: ':memory:' });
  const mode = { kind: 'replica', address, members: [address, ...odd], isAdded: false } as const;
  service = await startService(kvs({ environment: { ...environment, mode }, end: () => {} }), {
    host: nodeHost({ faultsAllowed: false }),
    env: { HOLDFAST_REGISTRY: 'none', LOG_LEVEL: 'silent' },
  });
  const remove = async (text: string): Promise<unknown[]> => {
    const body = JSON.stringify({ 'socket-address': text });
    const told = await fetch(`${service.address}/view`, { method: 'DELETE', body });
    return [told.status, await told.json()];
  };
  for (const text of odd) {
    expect(await remove(text)).toEqual([200, { result: 'deleted' }]);
    const error = expect.stringMatching(/^A socket address is host:port, [ -~]+$/);
    expect(await remove(text)).toEqual([400, { error }]);
  }
  expect(await remove('127.0.0.1:9')).toEqual([404, { error: 'View has no such replica' }]);
  const view = await fetch(`${service.address}/view`);
  expect(await view.json()).toEqual({ view: [address] });
});
