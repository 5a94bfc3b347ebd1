import { z } from 'zod';
import {
  explain,
  type RedisScript,
  type RedisStore,
  redisScript,
  limits as registryLimits,
  type ScriptOutcome,
} from '../../../registry/index.ts';
import type {
  AddOutcome,
  Enrolment,
  Enrolments,
  KeptOutcome,
  RemovalOutcome,
  StorageFailure,
} from './enrolments.ts';
import { enrolmentShape } from './enrolments-text.ts';

/** A hash: ids to enrolments as JSON, and one field without a name, so that it is there even when empty. */
const key = 'enrolments';

/** Every script but `begin` answers this, and does nothing, where there is no hash. */
const absent = "if redis.call('EXISTS', KEYS[1]) == 0 then return 'lost' end";

/** ARGV: id, the enrolment, how many there may be. */
const add = redisScript(`${absent}
local isNew = redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0
if isNew and redis.call('HLEN', KEYS[1]) > tonumber(ARGV[3]) then return 'full' end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 'added'`);

/** ARGV: id, incarnation. */
const remove = redisScript(`${absent}
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if not kept or cjson.decode(kept).incarnation ~= ARGV[2] then return 'absent' end
redis.call('HDEL', KEYS[1], ARGV[1])
return 'removed'`);

const list = redisScript(`${absent}
return redis.call('HVALS', KEYS[1])`);

/** ARGV: fields and values of a new hash. One command, so a Redis that is full takes all or nothing. */
const begin = redisScript(`if redis.call('EXISTS', KEYS[1]) == 1 then return 'begun' end
redis.call('HSET', KEYS[1], '', '', unpack(ARGV))
return 'begun'`);

/**
 * Enrolments in Redis, for all registries of one store, on the connection of its leases. They last as long
 * as Redis keeps its data. When it lost them, the first registry that asks puts back what it has seen.
 */
export class RedisEnrolments implements Enrolments {
  readonly #store: Pick<RedisStore, 'run'>;
  readonly #onLost: (putBack: number) => void;
  /** What Redis is known to have had last. */
  #seen: ReadonlyMap<string, Enrolment> = new Map();

  /** `onLost` hears how many were put back, when there were any. */
  constructor(store: Pick<RedisStore, 'run'>, onLost: (putBack: number) => void) {
    this.#store = store;
    this.#onLost = onLost;
  }

  async list(): Promise<KeptOutcome> {
    const outcome = await this.#run(list, []);
    if (outcome.result === 'failed') return failure(outcome);
    const enrolments = decode(outcome.answer);
    if (typeof enrolments === 'string') return unreadable(enrolments);
    this.#seen = new Map(enrolments.map((enrolment) => [enrolment.id, enrolment]));
    return { result: 'kept', enrolments };
  }

  async add(enrolment: Enrolment): Promise<AddOutcome> {
    const { id } = enrolment;
    const outcome = await this.#run(add, [id, encode(enrolment), String(registryLimits.enrolmentsMax)]);
    if (outcome.result === 'failed') return failure(outcome);
    const answer = z.enum(['added', 'full']).safeParse(outcome.answer);
    if (!answer.success) return unreadable(explain(answer.error));
    if (answer.data === 'added') this.#seen = new Map(this.#seen).set(id, enrolment);
    return { result: answer.data };
  }

  async remove({ id, incarnation }: Pick<Enrolment, 'id' | 'incarnation'>): Promise<RemovalOutcome> {
    const outcome = await this.#run(remove, [id, incarnation]);
    if (outcome.result === 'failed') return failure(outcome);
    const answer = z.enum(['removed', 'absent']).safeParse(outcome.answer);
    if (!answer.success) return unreadable(explain(answer.error));
    if (this.#seen.get(id)?.incarnation === incarnation) {
      this.#seen = new Map([...this.#seen].filter(([other]) => other !== id));
    }
    return { result: answer.data };
  }

  async #run(script: RedisScript, args: readonly string[]): Promise<ScriptOutcome> {
    const outcome = await this.#store.run(script, key, args);
    if (outcome.result === 'failed' || outcome.answer !== 'lost') return outcome;
    const seen = [...this.#seen.values()];
    const fields = seen.flatMap((enrolment) => [enrolment.id, encode(enrolment)]);
    const begun = await this.#store.run(begin, key, fields);
    // What was asked for has not been done, whatever became of this.
    if (begun.result === 'failed') return { ...begun, mayHaveRun: false };
    if (seen.length > 0) this.#onLost(seen.length);
    return this.#store.run(script, key, args);
  }
}

function encode({ service, id, host, port, incarnation }: Enrolment): string {
  return JSON.stringify({ service, id, host, port, incarnation });
}

/** What is wrong with it, if anything: it says where passwords are sent. */
function decode(answer: unknown): readonly Enrolment[] | string {
  const texts = z.array(z.string()).safeParse(answer);
  if (!texts.success) return explain(texts.error);
  const enrolments: Enrolment[] = [];
  for (const text of texts.data.filter((value) => value !== '')) {
    const parsed = enrolmentShape.safeParse(parseJson(text));
    if (!parsed.success) return explain(parsed.error);
    enrolments.push(parsed.data);
  }
  return enrolments;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function failure(outcome: Extract<ScriptOutcome, { result: 'failed' }>): StorageFailure {
  const { noRoom, mayHaveRun } = outcome;
  const why = outcome.why.replace(/\.$/, '');
  if (!mayHaveRun) return { result: 'failed', noRoom, why };
  return { result: 'failed', noRoom, why: `${why} (it may have been stored all the same)`, isUnsure: true };
}

function unreadable(why: string): StorageFailure {
  return { result: 'failed', noRoom: false, why: `the registrations in Redis are damaged: ${why}` };
}
