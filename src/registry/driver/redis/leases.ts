import { z } from 'zod';
import type { Instance } from '../../../calls/index.ts';
import type { Held, LeasesReport, PutDecision } from '../../core/leases-events.ts';
import type { StoredChange, StoreWord } from '../../core/mirror-events.ts';
import { listedBytes, type Registered } from '../../instance.ts';
import { limits } from '../../limits.ts';
import type { PutRequest, RemoveRequest, StoreEvent } from '../../store.ts';
import type { Change } from '../../watch-frame.ts';
import type { RedisConnection } from './connection.ts';
import { keyNames, type ScriptSettings } from './prologue.lua.ts';
import { type RedisScript, redisScript, runScript } from './script.ts';
import { type ScriptName, scriptsFor } from './scripts.lua.ts';

type Report = Extract<StoreEvent, { type: 'began' }> | LeasesReport;

/** What a script answered: where the store stands, and what came of the request. */
export interface Reply<Outcome> {
  readonly word: StoreWord;
  readonly held: Held | undefined;
  /** What happened to the store meanwhile, told to whoever asked next. */
  readonly reports: readonly Report[];
  readonly outcome: Outcome;
}

export interface Put {
  readonly decision: PutDecision;
  readonly changed: boolean;
}

export interface LoadedList {
  readonly instances: readonly Registered[];
  readonly changes: readonly Change[];
}

export interface LeasesOptions {
  readonly prefix: string;
  readonly settings: ScriptSettings;
  /** The name of the next life of the store, should this call begin one. */
  readonly newEpoch: () => string;
  readonly nowMs: () => number;
}

const head = z.tuple(
  [z.string(), z.int(), z.int(), z.int(), z.int(), z.int(), z.int(), z.int()],
  z.unknown(),
);
const text = z.string();

/** The scripts of the store as calls. All of them reject with a RedisFailure, or a bug's error. */
export class RedisLeases {
  readonly #options: LeasesOptions;
  readonly #keys: readonly string[];
  readonly #scripts: Readonly<Record<ScriptName, RedisScript>>;

  constructor(options: LeasesOptions) {
    this.#options = options;
    this.#keys = keyNames.map((name) => options.prefix + name);
    const sources = Object.entries(scriptsFor(options.settings)).map(([name, source]) => {
      return [name, redisScript(source)];
    });
    this.#scripts = Object.fromEntries(sources);
  }

  /** The name of the Redis process at the other end; it has another one after a restart. */
  static async runOf(connection: RedisConnection): Promise<string> {
    const info = text.parse(await connection.call(['INFO', 'server']));
    return /^run_id:(\w+)/m.exec(info)?.[1] ?? '';
  }

  async put(connection: RedisConnection, run: string, request: PutRequest): Promise<Reply<Put>> {
    const { service, leaseMs, sequence } = request;
    const instance = canonical(request.instance);
    const { id, incarnation } = instance;
    const bytes = listedBytes(service, request.instance);
    const numbers = [leaseMs, sequence ?? '', bytes].map(String);
    const parts = [service, id, incarnation, ...numbers, JSON.stringify(instance)];
    const reply = await this.#run(connection, run, 'put', parts);
    return { ...reply, outcome: { decision: decision(reply, leaseMs), changed: reply.outcome[1] === 1 } };
  }

  async remove(
    connection: RedisConnection,
    run: string,
    { service, id, incarnation }: RemoveRequest,
  ): Promise<Reply<boolean>> {
    const reply = await this.#run(connection, run, 'remove', [service, id, incarnation]);
    return { ...reply, outcome: reply.outcome[0] === 1 };
  }

  async tick(connection: RedisConnection, run: string): Promise<Reply<undefined>> {
    const reply = await this.#run(connection, run, 'tick', []);
    const [said, silent, total] = z
      .tuple([z.enum(['', 'held', 'released']), z.int(), z.int()])
      .parse(reply.outcome);
    const reports: Report[] = [...reply.reports];
    const holdMs = this.#options.settings.massExpiryHoldMs;
    if (said === 'held') reports.push({ type: 'expiry-held', silent, total, holdMs });
    if (said === 'released') reports.push({ type: 'expiry-released', silent, total });
    return { ...reply, reports, outcome: undefined };
  }

  async status(connection: RedisConnection, run: string): Promise<Reply<undefined>> {
    return { ...(await this.#run(connection, run, 'status', [])), outcome: undefined };
  }

  async load(connection: RedisConnection, run: string): Promise<Reply<LoadedList>> {
    const reply = await this.#run(connection, run, 'load', []);
    const [records, entries] = z.tuple([z.array(z.string()), z.array(streamEntry)]).parse(reply.outcome);
    const instances: Registered[] = [];
    for (let at = 0; at < records.length; at += 2) {
      const [field = '', record = ''] = records.slice(at, at + 2);
      // The incarnation, the bytes and the instance, a line each.
      const json = record.slice(record.indexOf('\n', record.indexOf('\n') + 1) + 1);
      instances.push({ service: field.slice(0, field.indexOf('/')), instance: JSON.parse(json) });
    }
    const changes = entries.map((entry) => readEntry(entry).change).reverse();
    return { ...reply, outcome: { instances, changes } };
  }

  /** Waits in Redis for changes after `revision`, for `limits.storeFollowMs`. */
  async follow(connection: RedisConnection, revision: number): Promise<readonly StoredChange[]> {
    const key = `${this.#options.prefix}changes`;
    const bounds = ['COUNT', String(limits.storeFollowMax), 'BLOCK', String(limits.storeFollowMs)];
    const parts = ['XREAD', ...bounds, 'STREAMS', key, `${revision}-0`];
    const reply = await connection.call(parts, limits.storeFollowMs + limits.storeCommandMs);
    return (streamsReply.parse(reply)?.[0]?.[1] ?? []).map(readEntry);
  }

  async #run(
    connection: RedisConnection,
    run: string,
    name: ScriptName,
    args: readonly string[],
  ): Promise<Reply<readonly unknown[]>> {
    const { newEpoch, nowMs } = this.#options;
    const askedMs = nowMs();
    const answer = await runScript(connection, this.#scripts[name], this.#keys, [run, newEpoch(), ...args]);
    return replyOf(head.parse(answer), askedMs);
  }
}

function replyOf(answer: z.infer<typeof head>, askedMs: number): Reply<readonly unknown[]> {
  const [epoch, revision, warming, stalledMs, began, silent, total, remainingMs, ...outcome] = answer;
  const reports: Report[] = [];
  if (began === 1) reports.push({ type: 'began', epoch });
  if (stalledMs > 0) reports.push({ type: 'stalled', gapMs: stalledMs });
  return {
    word: { askedMs, position: { epoch, revision }, warming: warming === 1 },
    held: remainingMs < 0 ? undefined : { silent, total, remainingMs },
    reports,
    outcome,
  };
}

function decision({ word, outcome }: Reply<readonly unknown[]>, leaseMs: number): PutDecision {
  const result = z.enum(['listed', 'fenced', 'full']).parse(outcome[0]);
  if (result === 'listed') return { result, revision: word.position.revision, leaseMs };
  const more = text.parse(outcome[1]);
  if (result === 'fenced') return { result, by: more === '' ? undefined : JSON.parse(more) };
  return { result, bound: z.enum(['instancesMax', 'instanceBytesMax', 'listBytesMax']).parse(more) };
}

/** Equal instances are equal texts: always the same fields in the same order, none empty. */
function canonical(instance: Instance): Instance {
  const { id, incarnation, host, port, state, weight, zone } = instance;
  const entries = Object.entries(instance.metadata ?? {}).sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  const metadata = entries.length === 0 ? undefined : Object.fromEntries(entries);
  return { id, incarnation, host, port, state, weight, zone, metadata };
}

const streamEntry = z.tuple([z.string(), z.array(z.string())]);
const streamsReply = z.array(z.tuple([z.string(), z.array(streamEntry)])).nullable();

function readEntry([, fields]: z.infer<typeof streamEntry>): StoredChange {
  const [, epoch = '', , change = 'null'] = fields;
  return { epoch, change: JSON.parse(change) };
}
