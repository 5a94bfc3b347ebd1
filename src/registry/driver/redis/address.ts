import { HoldfastError } from '../../../std/index.ts';
import { limits } from '../../limits.ts';

/** Where a Redis is, and what the registry calls its keys there. */
export interface RedisAddress {
  /** As it was given, with the password in it: never log it. */
  readonly url: string;
  /** For people: host, port and database. */
  readonly shown: string;
  /** What every key begins with. */
  readonly prefix: string;
}

export const defaultPrefix = 'holdfast:registry:';

/** Throws `invalid_argument` with one sentence when `REDIS_URL` or `HOLDFAST_REDIS_PREFIX` is wrong. */
export function redisAddress(url: string, prefix: string = defaultPrefix): RedisAddress {
  const parsed = URL.parse(url);
  const isRedis = parsed?.protocol === 'redis:' || parsed?.protocol === 'rediss:';
  if (parsed === null || !isRedis || parsed.hostname === '' || !/^\/?(\d{1,5})?$/.test(parsed.pathname)) {
    // What was given may hold a password, so it is not repeated.
    const form = 'redis://127.0.0.1:6379, redis://user:password@host:6379/0 or rediss://... for TLS';
    throw new HoldfastError('invalid_argument', `REDIS_URL must be an address such as ${form}.`);
  }
  if (!isDecodable(parsed.username) || !isDecodable(parsed.password)) {
    const text = 'REDIS_URL must have % in its user and password written as %25.';
    throw new HoldfastError('invalid_argument', text);
  }
  if (!/^[\x21-\x7e]+$/.test(prefix) || prefix.length > limits.storePrefixCharsMax) {
    const bound = `at most ${limits.storePrefixCharsMax} characters`;
    const text = `HOLDFAST_REDIS_PREFIX must be printable ASCII without spaces, ${bound}.`;
    throw new HoldfastError('invalid_argument', text);
  }
  const database = parsed.pathname.replace('/', '');
  const where = `${parsed.hostname}:${parsed.port === '' ? '6379' : parsed.port}`;
  return { url, prefix, shown: database === '' ? where : `${where}/${database}` };
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
