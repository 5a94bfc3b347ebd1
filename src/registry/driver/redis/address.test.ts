import { describe, expect, it } from 'vitest';
import { redisAddress } from './address.ts';

describe('the address of a Redis', () => {
  it.each([
    ['redis://127.0.0.1', '127.0.0.1:6379'],
    ['redis://127.0.0.1:6380/', '127.0.0.1:6380'],
    ['redis://user:p%40ss@cache.example:6380/4', 'cache.example:6380/4'],
    ['rediss://:secret@[::1]:6390/0', '[::1]:6390/0'],
  ])('%s is passed on as it is, and shown without its password', (url, shown) => {
    expect(redisAddress(url)).toEqual({ url, shown, prefix: 'holdfast:registry:' });
  });

  it.each([
    '127.0.0.1:6379',
    'redis://',
    'redis:///0',
    'redis://host/name',
    'http://host',
    'redis://h:99999',
  ])('%j is none', (url) =>
    expect(() => redisAddress(url)).toThrow(/^REDIS_URL must be an address such as redis:/),
  );

  it.each(['', 'a b', 'é', 'x'.repeat(129)])('the prefix %j is none', (prefix) => {
    expect(() => redisAddress('redis://h', prefix)).toThrow(/^HOLDFAST_REDIS_PREFIX must be printable/);
  });
});
