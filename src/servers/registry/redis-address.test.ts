import { describe, expect, it } from 'vitest';
import { RegistryUnderTest } from './testing/registry-under-test.ts';

describe('the environment', { timeout: 60_000 }, () => {
  it.each([
    ['http://secret@127.0.0.1', {}, /^REDIS_URL must be an address such as redis:/],
    ['redis://user:secret@127.0.0.1:6379/first', {}, /^REDIS_URL must be an address such as redis:/],
    ['redis://:sec%ret@127.0.0.1', {}, /^REDIS_URL must have %/],
    [
      'redis://127.0.0.1:6379',
      { HOLDFAST_REDIS_PREFIX: 'with space' },
      /^HOLDFAST_REDIS_PREFIX must be printable ASCII/,
    ],
  ])('is refused in one sentence that tells no password: %s', async (REDIS_URL, more, sentence) => {
    const error = await RegistryUnderTest.start({ variables: { REDIS_URL, ...more } }).catch(
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: 'invalid_argument', message: expect.stringMatching(sentence) });
    expect(error.message).not.toMatch(/sec(%)?ret/);
  });

  it('may name a Redis that is not there: the registry says so, answers 503 and never hangs', async () => {
    const registry = await RegistryUnderTest.start({
      variables: { REDIS_URL: 'redis://user:secret@127.0.0.1:1/2' },
    });
    try {
      const why = /^Redis at 127\.0\.0\.1:1\/2 cannot be used: .*ECONNREFUSED/;
      for (const answer of [
        await registry.put('a-1'),
        await registry.remove('a-1'),
        await registry.ask('GET', '/v1/services'),
        await registry.ask('GET', '/v1/watch'),
      ]) {
        const message = expect.stringMatching(why);
        expect(answer).toEqual({ status: 503, body: { error: { code: 'unavailable', message } } });
      }
      expect((await registry.ask('GET', '/health')).status).toBe(200);
      expect(registry.logged.join('')).toMatch(/WARN.*Redis at 127\.0\.0\.1:1\/2 cannot be used/);
      expect(registry.logged.join('')).not.toContain('secret');
    } finally {
      await registry.stop();
    }
  });
});
