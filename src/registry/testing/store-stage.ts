import type { Instance } from '../../calls/index.ts';
import type {
  Listing,
  ListOutcome,
  PutOutcome,
  RegistryStore,
  RemoveOutcome,
  StoreEvent,
  WatchRequest,
} from '../store.ts';
import type { Position, WatchFrame } from '../watch-frame.ts';
import { frameLine, instance } from './lines.ts';

export interface OpenOptions {
  readonly warmingMs?: number;
  readonly historyMax?: number;
}

/** Where the stores' acceptance suite plays: one store, and how time passes for it. */
export interface StoreStage {
  /** Its store, empty at first. After a stall it may be another object on the same leases. */
  readonly store: RegistryStore;
  readonly events: readonly StoreEvent[];
  /** How long this stage's store holds back a mass expiry, and how long it waits for stragglers. */
  readonly holdMs: number;
  readonly recoverMs: number;
  pass(ms: number): Promise<void>;
  /** Lets time pass until `condition` holds; rejects, saying `what`, when it does not within 20 s. */
  until(condition: () => boolean, what: string): Promise<void>;
  /** Nothing of the store runs for so long. */
  stall(ms: number): Promise<void>;
  close(): Promise<void>;
}

export type MakeStoreStage = (options?: OpenOptions) => Promise<StoreStage>;

/** A stage in few words; outcomes and frames are lines of text. */
export class StoreSession {
  readonly stage: StoreStage;
  readonly leaseMs: number;
  epoch = '';

  constructor(stage: StoreStage, leaseMs: number) {
    this.stage = stage;
    this.leaseMs = leaseMs;
  }

  async put(
    id: string,
    incarnation: string,
    extra: Partial<Instance> = {},
    sequence?: number,
  ): Promise<string> {
    return putLine(await this.answerToPut(id, incarnation, extra, sequence));
  }

  answerToPut(
    id: string,
    incarnation: string,
    { service = 'a', ...extra }: Partial<Instance> & { readonly service?: string } = {},
    sequence?: number,
    leaseMs = this.leaseMs,
  ): Promise<PutOutcome> {
    const { promise, resolve } = Promise.withResolvers<PutOutcome>();
    const what = instance(id, incarnation, extra);
    this.stage.store.put({ service, instance: what, leaseMs, sequence }, resolve);
    return promise;
  }

  async remove(id: string, incarnation: string): Promise<string> {
    const { promise, resolve } = Promise.withResolvers<RemoveOutcome>();
    this.stage.store.remove({ service: 'a', id, incarnation }, resolve);
    const outcome = await promise;
    if (outcome.result !== 'done') return outcome.why;
    return `${outcome.removed ? 'removed' : 'not removed'} at ${outcome.revision}`;
  }

  async list(service?: string): Promise<Listing> {
    const { promise, resolve } = Promise.withResolvers<ListOutcome>();
    this.stage.store.list(service, resolve);
    const outcome = await promise;
    if (outcome.result !== 'listing') throw new Error(outcome.why);
    return outcome;
  }

  /** `a-1 a-2` */
  async ids(service?: string): Promise<string> {
    const { instances } = await this.list(service);
    return instances
      .map((one) => one.instance.id)
      .sort()
      .join(' ');
  }

  watch(service?: string, from?: Position): WatchSession {
    return new WatchSession(this, { service, from });
  }

  /** So many revisions into the life of the store. */
  async at(revision: number): Promise<Position> {
    const { position } = await this.list();
    return { epoch: position.epoch, revision };
  }

  /** Lets `ms` pass and keeps these alive. */
  async keep(ids: readonly string[], ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= this.leaseMs / 4) {
      for (const id of ids) await this.put(id, 'i1');
      await this.stage.pass(Math.min(left, this.leaseMs / 4));
    }
  }

  reports(): readonly string[] {
    const types = this.stage.events.map(({ type }) => type);
    return types.filter((type) => type.startsWith('expiry') || type === 'stalled');
  }
}

/** What one watcher was sent. Lines leave keep-alives out, unless they are all there is to say. */
export class WatchSession {
  readonly frames: WatchFrame[] = [];
  readonly #session: StoreSession;
  readonly close: () => void;
  ended: string | undefined;

  constructor(session: StoreSession, request: WatchRequest) {
    this.#session = session;
    this.close = session.stage.store.watch(
      request,
      (frame) => this.frames.push(frame),
      (why) => {
        this.ended = why;
      },
    );
  }

  get lines(): readonly string[] {
    const epoch = this.frames[0]?.position.epoch;
    const told = this.frames.filter(({ type }, index) => type !== 'alive' || index === 0);
    return told.map((frame) => frameLine(frame, epoch));
  }

  /** The lines, once there are so many. */
  async told(count: number): Promise<readonly string[]> {
    await this.#session.stage.until(() => this.lines.length >= count, `${count} frames`);
    return this.lines;
  }
}

function putLine(outcome: PutOutcome): string {
  switch (outcome.result) {
    case 'listed':
      return `listed at ${outcome.revision}`;
    case 'full':
      return `full: ${outcome.bound}`;
    case 'fenced':
      return `fenced by ${outcome.by?.incarnation ?? 'its removal'}`;
    case 'unavailable':
      return outcome.why;
  }
}
