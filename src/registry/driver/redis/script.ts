import { createHash } from 'node:crypto';
import type { RedisConnection } from './connection.ts';

/** A script of Redis, by its text and by the name that Redis remembers it under. */
export interface RedisScript {
  readonly source: string;
  readonly sha: string;
}

/** What came of a script that is not the store's own. */
export type ScriptOutcome =
  | { readonly result: 'answered'; readonly answer: unknown }
  | {
      readonly result: 'failed';
      /** A sentence for people. */
      readonly why: string;
      /** Redis has no memory left. */
      readonly noRoom: boolean;
      /** It was sent and not answered. */
      readonly mayHaveRun: boolean;
    };

export function redisScript(source: string): RedisScript {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** What the script answers. Rejects with a RedisFailure, as `RedisConnection.call` does. */
export function runScript(
  connection: RedisConnection,
  { source, sha }: RedisScript,
  keys: readonly string[],
  args: readonly string[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  return connection.call(['EVALSHA', sha, ...rest]).catch((error: Error) => {
    // Redis forgets scripts when it restarts or is told to. Then nothing was run.
    if (!String(error.cause).includes('NOSCRIPT')) throw error;
    return connection.call(['EVAL', source, ...rest]);
  });
}
