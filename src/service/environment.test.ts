import { describe, expect, it } from 'vitest';
import { isLoopback, parseEnvironment } from './environment.ts';

describe('parseEnvironment', () => {
  it('has defaults for everything', () => {
    const { variables, ...environment } = parseEnvironment({ PORT: '', HOST: ' ' });
    expect(variables).toEqual({ PORT: '', HOST: ' ' });
    expect(environment).toEqual({
      port: undefined,
      host: '127.0.0.1',
      registries: ['http://127.0.0.1:8500'],
      instance: undefined,
      weight: 1,
      zone: undefined,
      clusterKey: undefined,
      faults: false,
      dataFolder: undefined,
      logFormat: 'text',
      logLevel: 'info',
    });
  });

  it('reads every variable', () => {
    expect(
      parseEnvironment({
        PORT: '0',
        HOST: '[::1]',
        HOLDFAST_REGISTRY: 'http://10.0.0.1:8500, http://10.0.0.2:8500/',
        HOLDFAST_INSTANCE: 'echo-a-2',
        HOLDFAST_WEIGHT: '0.25',
        HOLDFAST_ZONE: 'eu-west_1.a',
        CLUSTER_KEY: 'k3y',
        HOLDFAST_FAULTS: 'ON',
        DATA_DIR: '/data',
        LOG_FORMAT: 'json',
        LOG_LEVEL: 'Silent',
      }),
    ).toMatchObject({
      port: 0,
      host: '::1',
      registries: ['http://10.0.0.1:8500', 'http://10.0.0.2:8500'],
      instance: 'echo-a-2',
      weight: 0.25,
      zone: 'eu-west_1.a',
      clusterKey: 'k3y',
      faults: true,
      dataFolder: '/data',
      logFormat: 'json',
      logLevel: 'silent',
    });
    expect(parseEnvironment({ HOLDFAST_REGISTRY: 'none' }).registries).toEqual([]);
  });

  it.each([
    ['PORT', '8080a', /^PORT must be a whole number from 0 to 65535, not "8080a"\.$/],
    ['PORT', '65536', /^PORT must be/],
    ['PORT', '-1', /^PORT must be/],
    ['HOST', 'a b', /^HOST must be an address or a host name/],
    [
      'HOST',
      'fe80::1%eth0',
      /^HOST must have no zone id \(%\.\.\.\): it cannot be announced.*"fe80::1%eth0"\.$/,
    ],
    ['HOST', '[fe80::1%25eth0]', /^HOST must have no zone id/],
    ['HOST', '127.0.0.1:8080', /^HOST must be an address or a host name/],
    ['HOST', '1.2.3.999', /^HOST must be an address or a host name/],
    ['HOLDFAST_REGISTRY', '127.0.0.1:8500', /^HOLDFAST_REGISTRY must be addresses such as http:/],
    ['HOLDFAST_REGISTRY', 'http://a:1,https://b', /not "https:\/\/b"\.$/],
    ['HOLDFAST_INSTANCE', 'a/b', /^HOLDFAST_INSTANCE must be/],
    ['HOLDFAST_WEIGHT', 'heavy', /^HOLDFAST_WEIGHT must be a number from 0 to 1000, not "heavy"\.$/],
    ['HOLDFAST_WEIGHT', '-1', /^HOLDFAST_WEIGHT must be/],
    ['HOLDFAST_WEIGHT', '1000.1', /^HOLDFAST_WEIGHT must be/],
    ['HOLDFAST_WEIGHT', '0x1', /^HOLDFAST_WEIGHT must be/],
    ['HOLDFAST_WEIGHT', 'Infinity', /^HOLDFAST_WEIGHT must be/],
    ['HOLDFAST_ZONE', 'a b', /^HOLDFAST_ZONE must be letters, digits and \. _ -, at most 64, not "a b"\.$/],
    ['HOLDFAST_ZONE', 'z'.repeat(65), /^HOLDFAST_ZONE must be/],
    ['HOLDFAST_FAULTS', 'yes', /^HOLDFAST_FAULTS must be on or off, not "yes"\.$/],
    ['LOG_FORMAT', 'xml', /^LOG_FORMAT must be text or json, not "xml"\.$/],
    ['LOG_LEVEL', 'loud', /^LOG_LEVEL must be debug, .* or silent, not "loud"\.$/],
  ])('says what is wrong with %s=%s', (name, value, message) => {
    expect(() => parseEnvironment({ [name]: value })).toThrow(message);
  });

  it.each(['::', 'fe80::1', '::ffff:10.0.0.1', 'db_1.example.org', 'localhost', '0.0.0.0'])(
    'takes HOST=%s',
    (host) => {
      expect(parseEnvironment({ HOST: host }).host).toBe(host);
    },
  );

  it.each([
    ['0', 0],
    ['1000', 1_000],
    ['1e-7', 1e-7],
  ])('takes HOLDFAST_WEIGHT=%s', (text, weight) => {
    expect(parseEnvironment({ HOLDFAST_WEIGHT: text }).weight).toBe(weight);
  });

  it('never repeats a bad key', () => {
    expect(() => parseEnvironment({ CLUSTER_KEY: 'two words' })).toThrow(/^CLUSTER_KEY must be printable/);
    expect(() => parseEnvironment({ CLUSTER_KEY: 'two words' })).not.toThrow(/two words/);
  });

  it('names everything that is wrong at once', () => {
    expect(() => parseEnvironment({ PORT: 'x', LOG_LEVEL: 'y' })).toThrow(/^PORT .*\. LOG_LEVEL .*\.$/);
  });
});

it('isLoopback knows the addresses of this machine alone', () => {
  expect(['127.0.0.1', '127.1.2.3', '::1', 'localhost'].every(isLoopback)).toBe(true);
  expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.org'].some(isLoopback)).toBe(false);
});
