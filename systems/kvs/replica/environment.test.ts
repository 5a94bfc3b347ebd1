import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { limits } from './limits.ts';

const view = '10.0.0.1:8090,10.0.0.2:8090';

function addresses(count: number): string {
  return Array.from({ length: count }, (_, at) => `10.0.1.1:${at + 1}`).join(',');
}

describe('the environment', () => {
  it('says nothing: one store on loopback, at 8090', () => {
    expect(readEnvironment({})).toMatchObject({
      mode: { kind: 'alone' },
      port: 8090,
      listenOn: undefined,
      folder: '.holdfast/data/kvs-8090',
    });
  });

  it('with SOCKET_ADDRESS: reached from everywhere, at its port, with a folder of its own', () => {
    expect(readEnvironment({ SOCKET_ADDRESS: '10.0.0.1:8099' })).toMatchObject({
      mode: { kind: 'alone', address: '10.0.0.1:8099' },
      port: 8099,
      listenOn: '0.0.0.0',
      folder: '.holdfast/data/kvs-10.0.0.1-8099',
    });
    expect(readEnvironment({ SOCKET_ADDRESS: '[::1]:8099' }).listenOn).toBe('::');
  });

  it('with VIEW: a replica; its own address is added where it is missing', () => {
    const { mode } = readEnvironment({ SOCKET_ADDRESS: '10.0.0.2:8090', VIEW: view });
    expect(mode).toEqual({
      kind: 'replica',
      address: '10.0.0.2:8090',
      members: ['10.0.0.1:8090', '10.0.0.2:8090'],
      isAdded: false,
    });
    const missing = readEnvironment({ SOCKET_ADDRESS: '10.0.0.3:1', VIEW: ` ${view}, 10.0.0.1:8090 ` });
    expect(missing.mode).toMatchObject({
      members: ['10.0.0.1:8090', '10.0.0.2:8090', '10.0.0.3:1'],
      isAdded: true,
    });
  });

  it('with FORWARDING_ADDRESS: a proxy', () => {
    expect(readEnvironment({ FORWARDING_ADDRESS: '10.0.0.1:8090' }).mode).toEqual({
      kind: 'proxy',
      to: '10.0.0.1:8090',
    });
  });

  it.each([
    ...['127.0.0.1', 'localhost', '[::1]', '0.0.0.0', '[::]'].map((host) => ({ to: `${host}:8090` })),
    { to: '127.0.0.1:9000', PORT: '9000' },
    { to: 'localhost:9000', PORT: '9000', HOST: '0.0.0.0' },
    { to: '127.0.0.1:9000', SOCKET_ADDRESS: '10.0.0.1:9000' },
    { to: '10.0.0.1:9000', PORT: '8000', SOCKET_ADDRESS: '10.0.0.1:9000' },
    { to: 'kvs-1:8090', HOST: 'kvs-1' },
  ])('is refused for a proxy of itself: %j', ({ to, ...others }) => {
    const variables = { FORWARDING_ADDRESS: to, ...others };
    expect(() => readEnvironment(variables)).toThrow(/^FORWARDING_ADDRESS is the address of this proxy/);
  });

  it.each([
    { to: '127.0.0.1:8091' },
    { to: '127.0.0.1:8090', PORT: '9000' },
    { to: '10.0.0.2:8090', SOCKET_ADDRESS: '10.0.0.1:8090' },
    // Its own address is another one of this machine.
    { to: '127.0.0.1:8090', HOST: '10.0.0.1' },
    { to: '127.0.0.1:8090', HOST: '127.0.0.2' },
  ])('may name another instance on the same machine: %j', ({ to, ...others }) => {
    expect(readEnvironment({ FORWARDING_ADDRESS: to, ...others }).mode).toEqual({ kind: 'proxy', to });
  });

  it('takes as many addresses as the view may have, the own one among them', () => {
    const VIEW = addresses(limits.viewMax - 1);
    const { mode } = readEnvironment({ SOCKET_ADDRESS: '10.0.0.1:1', VIEW });
    expect(mode).toMatchObject({ isAdded: true, members: { length: limits.viewMax } });
    const more = { SOCKET_ADDRESS: '10.0.0.1:1', VIEW: addresses(limits.viewMax) };
    expect(() => readEnvironment(more)).toThrow('VIEW has 257 addresses with its own: 256 are the most.');
  });

  it('says where data is kept, or that none is', () => {
    expect(readEnvironment({ DATA_DIR: ':memory:' }).folder).toBeUndefined();
    expect(readEnvironment({ DATA_DIR: '/data' }).folder).toBe('/data');
    expect(readEnvironment({ HOLDFAST_INSTANCE: 'kvs-2' }).folder).toBe('.holdfast/data/kvs-2');
  });

  it('with empty variables is as without them', () => {
    expect(readEnvironment({ VIEW: '', SHARD_COUNT: ' ', FORWARDING_ADDRESS: '' }).mode.kind).toBe('alone');
  });

  it.each([
    [{ VIEW: view }, 'VIEW is set and SOCKET_ADDRESS is not'],
    [{ VIEW: 'x', SOCKET_ADDRESS: '10.0.0.1:1' }, 'VIEW must be addresses'],
    [{ VIEW: '10.0.0.1:1,,', SOCKET_ADDRESS: '10.0.0.1:1' }, 'VIEW must be addresses'],
    [{ VIEW: view, SOCKET_ADDRESS: '10.0.0.1:1', FORWARDING_ADDRESS: '10.0.0.9:1' }, 'are both set'],
    [{ SOCKET_ADDRESS: '10.0.0.1' }, 'SOCKET_ADDRESS must be host:port'],
    [{ FORWARDING_ADDRESS: 'http://10.0.0.1:80/' }, 'FORWARDING_ADDRESS must be host:port'],
    [{ FORWARDING_ADDRESS: '10.0.0.1:080' }, 'FORWARDING_ADDRESS must be host:port'],
    [{ SOCKET_ADDRESS: 'a\u009b\u202e"b:80' }, 'from 1 to 65535; not "a??"b:80".'],
    [{ VIEW: '10.0.0.1:1,x?y#z:1', SOCKET_ADDRESS: '10.0.0.1:1' }, 'each host:port, such as'],
    [{ SHARD_COUNT: '2' }, 'sharding is not there yet'],
    [{ CAUSAL_WAIT_MS: '-1' }, 'CAUSAL_WAIT_MS must be a whole number of milliseconds from 0 to 60000'],
    [{ ANTI_ENTROPY_MS: '99' }, 'ANTI_ENTROPY_MS must be a whole number of milliseconds from 100'],
    [{ PORT: 'x' }, 'PORT must be a whole number'],
  ])('%j is refused', (variables, message) => {
    expect(() => readEnvironment(variables)).toThrow(message);
  });
});
