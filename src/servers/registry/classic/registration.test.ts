import { describe, expect, it } from 'vitest';
import { instanceId, putBody, serviceName } from '../../../registry/index.ts';
import { parseRegistration } from './registration.ts';

const parse = (host: unknown, type: unknown = 'authen') => parseRegistration({ host, type });

describe('what a registration names', () => {
  it.each([
    ['127.0.0.1:8200', '127.0.0.1', 8200],
    ['127.0.0.1', '127.0.0.1', 80],
    ['localhost:9000', 'localhost', 9000],
    ['LocalHost', 'localhost', 80],
    ['[::1]:8200', '::1', 8200],
    ['[::1]', '::1', 80],
    ['::1', '::1', 80],
    ['fe80::0:1', 'fe80::1', 80],
    ['::ffff:127.0.0.1', '::ffff:7f00:1', 80],
    ['chat_1.internal.example:00443', 'chat_1.internal.example', 443],
    ['10.0.0.7:65535', '10.0.0.7', 65_535],
    // Other spellings of an address are that address, so that no list can be walked around.
    ['127.1:1', '127.0.0.1', 1],
    ['0x7f000001', '127.0.0.1', 80],
    ['2852039166:80', '169.254.169.254', 80],
    ['0251.0376.0251.0376', '169.254.169.254', 80],
  ])('%s is host %s, port %i', (text, host, port) => {
    expect(parse(text)).toMatchObject({ sentHost: text, host, port, id: `authen@${host}:${port}` });
  });

  it.each([
    'two words',
    '127.0.0.1:0',
    '127.0.0.1:65536',
    '127.0.0.1:',
    ':8200',
    '127.0.0.1:80:80',
    '127.0.0.1:8e1',
    '127.0.0.1:-1',
    'http://127.0.0.1:8200',
    'user@127.0.0.1',
    '127.0.0.1/path',
    '127.0.0.1?x',
    '127.0.0.1#x',
    '127.0.0.1\\x',
    '999.1.1.1',
    '[127.0.0.1]',
    '[::1',
    '::1]',
    '[::1]8200',
    '[fe80::1%eth0]:80',
    'a..b',
    '-a',
    'a-',
    'ä.example',
    '127.0.0.1\n',
    '127.0.0.1\u0000',
    `${'a'.repeat(64)}.example`,
    'a.'.repeat(200),
    'x'.repeat(10_000),
  ])('%j is no host', (text) => {
    expect(() => parse(text)).toThrow(
      /^The host ".{1,100} is not possible: it must be a name or an address/,
    );
  });

  it.each(['0.0.0.0', '0:80', '[::]:80', '::', '0x0', '::ffff:0.0.0.0'])('%s is nobody', (text) => {
    expect(() => parse(text)).toThrow(/stands for every address of a machine/);
  });

  it.each([
    ['authen', 'authen'],
    ['Authen', 'authen'],
    ['authenService', 'authen'],
    ['AUTHENSERVICE', 'authen'],
    ['chatService', 'chat'],
    ['service', 'service'],
    ['Service', 'service'],
    ['chat-service', 'chat-service'],
    ['kvs-1', 'kvs-1'],
    ['a'.repeat(63), 'a'.repeat(63)],
  ])('%s is the service %s', (type, service) => {
    expect(parse('127.0.0.1', type)).toMatchObject({ sentType: type, service });
  });

  it.each(['two words', 'a/b', '-a', 'a_b', 'a.b', 'été', 'a'.repeat(64), '../x', ' authen', '\u212A'])(
    '%j is no service type',
    (type) => {
      expect(() => parse('127.0.0.1', type)).toThrow(/^The service type ".* is not possible: it must be/);
    },
  );

  it.each([
    undefined,
    null,
    'text',
    17,
    [],
    ['127.0.0.1', 'authen'],
    {},
    { host: '127.0.0.1' },
    { type: 'authen' },
    { host: '', type: 'authen' },
    { host: '127.0.0.1', type: '' },
    { host: 8200, type: 'authen' },
    { host: '127.0.0.1', type: null },
    { host: ['127.0.0.1'], type: 'authen' },
    { host: { name: 'x' }, type: 'authen' },
  ])('%j lacks something', (body) => {
    expect(() => parseRegistration(body)).toThrow(/^Host and service type are required\.$/);
  });

  it('is always what the registry takes, with an id that is the same again', () => {
    const longest = `${'a'.repeat(63)}.${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(61)}`;
    for (const text of [`${longest}:65535`, '[2001:db8::1]:8200', 'a_b.c:1']) {
      for (const type of ['x'.repeat(63), 'chatService']) {
        const { service, id, host, port } = parse(text, type);
        expect(serviceName.safeParse(service).success).toBe(true);
        expect(instanceId.safeParse(id).success).toBe(true);
        expect(putBody.shape.host.safeParse(host).success).toBe(true);
        expect(putBody.shape.port.safeParse(port).success).toBe(true);
        expect(parse(text, type).id).toBe(id);
      }
    }
    expect(parse(`${longest}:1`).id).not.toBe(parse(`${longest}:2`).id);
    expect(parse('::1').id).not.toBe(parse('::1:80').id);
  });
});
