import type { Connection, ConnectionHandlers, Host, Timer } from '../../host/index.ts';
import type { Journal } from '../../journal/index.ts';
import { type LinkEvent, parseAddress } from '../../link/index.ts';
import { drive, HoldfastError, type Observe } from '../../std/index.ts';
import type { Answer, Effect, Event, Quarantine, Report, Request, ViewAnswer } from '../core/events.ts';
import type { Replica } from '../core/replica.ts';
import type { Page } from '../core/table.ts';
import { limits } from '../limits.ts';
import { decodeToken, encodeToken } from '../token.ts';
import { Appends } from './appends.ts';
import { Peers } from './peers.ts';
import { writeQuarantine } from './quarantine-file.ts';
import { Shortening } from './shortening.ts';

/** What the store tells whoever watches it. */
export type StoreEvent =
  | Report
  | { readonly type: 'link'; readonly event: LinkEvent }
  /** All replicas together have been started so often; after `startsMax` starts none can be any more. */
  | { readonly type: 'many-starts'; readonly starts: number; readonly startsMax: number }
  | { readonly type: 'quarantine-failed'; readonly message: string }
  | { readonly type: 'journal-snapshot-failed'; readonly message: string };

/** A value is JSON as text; a token is what to hand to the client and to expect back from it. */
export type StoreAnswer =
  | { readonly kind: 'found'; readonly value: string; readonly token: string }
  | { readonly kind: 'absent'; readonly token: string }
  | {
      readonly kind: 'created' | 'replaced' | 'deleted';
      readonly token: string;
      /** False: durable here; whether on the other disks asked for is not known. */
      readonly isReplicated: boolean;
    }
  | { readonly kind: 'uncovered' }
  /** The disk has not taken it in time; it may still take effect. */
  | { readonly kind: 'unsettled' }
  | { readonly kind: 'refused'; readonly why: 'full' | 'busy' };

type Ask = {
  readonly key: string;
  /** What the client got last; the empty text at first. */
  readonly token: string;
};

export interface StoreParts {
  readonly host: Host;
  readonly replica: Replica;
  readonly journal: Journal | undefined;
  /** Of the snapshot that the journal began with. */
  readonly snapshotBytes: number;
  readonly folder: string | undefined;
  readonly address: string;
  readonly session: string;
  readonly clusterKey: string | undefined;
  /** False for a store that has no other replicas: it has no links. */
  readonly hasPeers: boolean;
  readonly observe: Observe<StoreEvent>;
}

/** One replica of the causal store, running: its core, with its journal, its links and its clock. */
export class CausalStore {
  readonly #parts: StoreParts;
  readonly #replica: Replica;
  readonly #group: number;
  readonly #appends: Appends;
  readonly #peers: Peers | undefined;
  readonly #shortening: Shortening | undefined;
  readonly #step: (event: Event) => void;
  #timer: Timer | undefined;
  #timerMs = Number.POSITIVE_INFINITY;
  #isClosed = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    const { host, replica, journal, address, session, clusterKey, observe } = parts;
    this.#replica = replica;
    this.#group = replica.ledger.group;
    this.#step = drive(replica, (effect) => this.#run(effect));
    this.#appends = new Appends({
      clock: host.clock,
      journal,
      onDurable: (appends) => {
        this.#do({ type: 'durable', appends });
        this.#peers?.resumeSnapshots();
      },
      onRefusing: (refusing) => this.#do({ type: 'disk', refusing }),
    });
    if (journal !== undefined) {
      const failed = (message: string): void => observe({ type: 'journal-snapshot-failed', message });
      const { snapshotBytes } = parts;
      const { ledger } = replica;
      const scanned = (): void => this.#do({ type: 'journal-scanned' });
      this.#shortening = new Shortening({
        clock: host.clock,
        journal,
        ledger,
        snapshotBytes,
        failed,
        scanned,
      });
    }
    if (!parts.hasPeers) return;
    this.#peers = new Peers({
      host,
      address,
      session,
      clusterKey,
      queueBytesMax: replica.ledger.buffers.linkQueueBytesMax,
      observe: (event) => observe({ type: 'link', event }),
      listener: {
        up: (peer) => this.#do({ type: 'peer-up', address: peer }),
        down: (peer) => this.#do({ type: 'peer-down', address: peer }),
        silent: (peer) => this.#do({ type: 'peer-silent', address: peer, silentMs: limits.cutMs }),
        heard: (peer) => this.#do({ type: 'peer-heard', address: peer }),
        paused: (pausedMs) => this.#do({ type: 'paused', pausedMs }),
        message: (from, kind, payload) => this.#do({ type: 'message', from, kind, payload }),
        snapshotBegins: (incoming) => {
          this.#do({ type: 'snapshot-begins', incoming });
          return replica.isTaking(incoming);
        },
        canStage: () => (journal?.queuedBytes ?? 0) < limits.stageQueueBytesMax,
        snapshotChunk: (incoming, chunk) => this.#do({ type: 'snapshot-chunk', incoming, chunk }),
        snapshotLost: (incoming) => this.#do({ type: 'snapshot-lost', incoming }),
        snapshotSent: (to, scan) => this.#do({ type: 'snapshot-sent', to, scan }),
        nextRecords: (peer) => replica.exchange.nextRecords(peer),
        behind: (peer) => this.#do({ type: 'peer-behind', address: peer }),
      },
    });
  }

  /** Begins to live: once, right after it was made. */
  start(): void {
    this.#do({ type: 'start' });
    this.#keepLinks();
  }

  /** The state behind it, for checks and figures: not to be changed. */
  get replica(): Replica {
    return this.#replica;
  }

  /**
   * Reads a key. When the token is covered the answer is there at once: it waits for no disk and no peer.
   * Else `done` gets it later, `uncovered` at the latest after the causal wait.
   */
  get(ask: Ask, done: (answer: StoreAnswer) => void): void {
    const token = decodeToken(ask.token, this.#group);
    const answer = token === 'unknown' ? undefined : this.#replica.clients.read(ask.key, token);
    if (answer !== undefined) done(this.#told(answer));
    else this.#request({ kind: 'get', key: ask.key, token, id: done });
  }

  /**
   * Writes a key, durable on this disk before the answer, and on `copies` disks in all if more are asked for
   * and confirm in time. What `value` holds must be JSON. Throws `invalid_argument` for a key or value that
   * is too long.
   */
  put(
    ask: Ask & { readonly value: string; readonly copies?: number | undefined },
    done: (answer: StoreAnswer) => void,
  ): void {
    const { key, value, copies } = ask;
    checkSizes(key, value);
    this.#request({
      kind: 'put',
      key,
      value,
      copies,
      token: decodeToken(ask.token, this.#group),
      id: done,
    });
  }

  delete(ask: Ask & { readonly copies?: number | undefined }, done: (answer: StoreAnswer) => void): void {
    const { key, copies } = ask;
    checkSizes(key, '');
    this.#request({ kind: 'delete', key, copies, token: decodeToken(ask.token, this.#group), id: done });
  }

  /** Keys with a value that begin with `prefix`, behind `after`, in the order of their code units. */
  page(prefix: string, after: string | undefined, most: number): Page {
    return this.#replica.ledger.state.table.page(prefix, after, Math.min(most, limits.pageKeysMax));
  }

  /** Members that are alive in this replica's opinion, in the order in which they joined. */
  view(): string[] {
    return this.#replica.view(this.#parts.host.clock.nowMs());
  }

  /** How many replicas there are, alive or not: as many copies of a write there can be. */
  get members(): number {
    return this.#replica.ledger.state.members.present().length;
  }

  /** Names a replica, or takes one out. Throws `invalid_argument` when it is named by no `host:port`. */
  changeView(address: string, present: boolean, done: (answer: ViewAnswer) => void): void {
    if (present) parseAddress(address);
    this.#do({ type: 'view-change', change: { id: done, address, present } });
    this.#keepLinks();
  }

  /** Takes a connection that a peer has opened. */
  accept(connection: Connection): ConnectionHandlers {
    if (this.#peers !== undefined) return this.#peers.accept(connection);
    connection.destroy();
    return { received: () => {}, closed: () => {} };
  }

  /** The journal has made something durable, or has room again. */
  journalMoved(): void {
    this.#appends.retrySoon();
  }

  /** Writes what is on its way, then ends. Requests that are not answered yet never will be. */
  close(done: () => void): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    const { journal } = this.#parts;
    const closeJournal = (): void => (journal === undefined ? done() : journal.close(done));
    if (this.#peers === undefined) closeJournal();
    else this.#peers.close(closeJournal);
  }

  #request(request: Request): void {
    this.#do({ type: 'request', request });
  }

  #do(event: EventWithoutTime): void {
    if (this.#isClosed) return;
    const { clock } = this.#parts.host;
    this.#step({ ...event, nowMs: clock.nowMs(), wallMs: clock.wallMs() } as Event);
    this.#peers?.flushSoon();
    this.#arm();
  }

  #run(effect: Effect): void {
    switch (effect.type) {
      case 'append':
        this.#appends.append(effect.bytes);
        break;
      case 'answer':
        (effect.id as (answer: StoreAnswer) => void)(this.#told(effect.answer));
        break;
      case 'view-answer':
        (effect.id as (answer: ViewAnswer) => void)(effect.answer);
        this.#keepLinks();
        break;
      case 'send':
        this.#peers?.send(effect.to, effect.kind, effect.payload);
        break;
      case 'send-snapshot':
        this.#peers?.sendSnapshot(effect.to, effect.head, effect.scan);
        break;
      case 'cut-off':
        this.#peers?.cutOff(effect.peer);
        break;
      case 'quarantine':
        this.#setAside(effect.quarantine);
        break;
      case 'report':
        this.#parts.observe(effect.report);
        break;
    }
  }

  #told(answer: Answer): StoreAnswer {
    if (!('token' in answer)) return answer;
    return { ...answer, token: encodeToken(this.#group, answer.token) };
  }

  #arm(): void {
    const { clock } = this.#parts.host;
    const wakeAtMs = this.#replica.wakeAtMs;
    if (wakeAtMs >= this.#timerMs) return;
    this.#timer?.cancel();
    this.#timerMs = wakeAtMs;
    this.#timer = clock.setTimer(wakeAtMs - clock.nowMs(), () => {
      this.#timerMs = Number.POSITIVE_INFINITY;
      this.#do({ type: 'wake' });
      this.#keepLinks();
      this.#shortening?.whenDue();
    });
  }

  #keepLinks(): void {
    this.#peers?.keep(this.#replica.contacts());
  }

  /** Tried until it is written: so long the journal, which has it too, is not cut short. */
  #setAside(quarantine: Quarantine, isRetry = false): void {
    const { host, folder, observe } = this.#parts;
    const { origin } = quarantine;
    const kept = (): void => this.#do({ type: 'quarantine-kept', origin });
    if (folder === undefined) {
      observe({ type: 'quarantine-failed', message: 'This store keeps nothing on a disk.' });
      host.clock.setTimer(0, kept);
      return;
    }
    writeQuarantine(host.disk, folder, quarantine, (message) => {
      if (message === undefined) {
        kept();
        return;
      }
      if (!isRetry) observe({ type: 'quarantine-failed', message });
      host.clock.setTimer(limits.quarantineRetryMs, () => {
        if (!this.#isClosed) this.#setAside(quarantine, true);
      });
    });
  }
}

function checkSizes(key: string, value: string): void {
  const { keyCharactersMax, valueCharactersMax } = limits;
  if (key.length > keyCharactersMax || value.length > valueCharactersMax) {
    const text = `A key has at most ${keyCharactersMax} characters, a value ${valueCharactersMax}.`;
    throw new HoldfastError('invalid_argument', text);
  }
  if (key.isWellFormed() && value.isWellFormed()) return;
  // As UTF-8, on the disk and at the others, it would be another text.
  throw new HoldfastError('invalid_argument', 'A key or a value has half a character (a lone surrogate).');
}

type WithoutTime<E> = E extends Event ? Omit<E, 'nowMs' | 'wallMs'> : never;
type EventWithoutTime = WithoutTime<Event>;
