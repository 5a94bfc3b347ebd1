import { describeError } from '../../../std/index.ts';
import { limits } from '../../limits.ts';

/** Why Redis cannot be used, in a sentence for people. */
export class RedisFailure extends Error {
  override readonly name = 'RedisFailure';

  /** Redis has no memory left for what it was to keep. */
  get isFull(): boolean {
    return outOfMemory.test(String(this.cause));
  }
}

const outOfMemory = /\bOOM\b/;

type Explain = (where: string) => string;

/** By what stands in Redis' answer, wherever in it: scripts wrap the errors of what they call. */
const answers: readonly (readonly [RegExp, Explain])[] = [
  [outOfMemory, (where) => `${where} is full: give it more maxmemory, or remove other data.`],
  [/\bREADONLY\b/, (where) => `${where} is a read-only replica: name the primary in REDIS_URL.`],
  [/\bMISCONF\b/, (where) => `${where} takes no writes because it cannot save to its disk: see its log.`],
  [/\bNOREPLICAS\b/, (where) => `${where} takes no writes because it lacks replicas: see its log.`],
  [/\bLOADING\b/, (where) => `${where} is still loading its data.`],
  [/\bBUSY\b/, (where) => `${where} is busy with somebody's script.`],
  [
    /\b(NOAUTH|WRONGPASS)\b|AUTH failed|without any password configured/,
    (where) => `${where} refuses the user or the password in REDIS_URL.`,
  ],
  [
    /\bNOPERM\b/,
    (where) => `The user in REDIS_URL lacks rights on ${where}: the registry runs scripts on its own keys.`,
  ],
  [/\bCROSSSLOT\b|\bMOVED\b/, (where) => `${where} is a Redis Cluster, which the registry cannot use.`],
  [/max number of clients/, (where) => `${where} takes no more connections: raise its maxclients.`],
];

/** What a connection or a command ended with, in a sentence. */
export function redisFailure(error: unknown, shown: string): RedisFailure {
  if (error instanceof RedisFailure) return error;
  const where = `Redis at ${shown}`;
  const text = describeError(error).replace(/\s+/g, ' ').slice(0, limits.storeReplyCharsMax);
  for (const [pattern, explain] of answers) {
    if (pattern.test(text)) return new RedisFailure(explain(where), { cause: error });
  }
  return new RedisFailure(`${where} cannot be used: ${text.replace(/\.$/, '')}.`, { cause: error });
}

export function silence(shown: string, withinMs: number): RedisFailure {
  return new RedisFailure(`Redis at ${shown} did not answer within ${withinMs} ms.`);
}
