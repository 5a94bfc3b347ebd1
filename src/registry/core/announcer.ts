import type { Instance } from '../../calls/index.ts';
import { type Core, unreachable } from '../../std/index.ts';
import type { AnnouncerReport } from '../events.ts';
import { sameInstance } from '../instance.ts';
import { limits } from '../limits.ts';
import type { AnnounceAnswer, AnnouncerEffect, AnnouncerEvent } from './announcer-events.ts';
import { backoffMs } from './backoff.ts';
import type { Sequence } from './sequence.ts';

type Standing = 'new' | 'listed' | 'failing' | 'key-refused' | 'fenced' | 'rejected';

const wrongKey = 'start this process with CLUSTER_KEY=$(cat .holdfast/cluster.key)';

/**
 * Keeps one instance listed at one registry. Registering and renewing are the same request, so a registry
 * that restarted or forgot the instance learns of it with the next renewal. (With several registries there
 * is one announcer for each: every registry then knows everybody, and it does not matter which one a
 * watcher asks. They share a sequence, because the registries may share a store.)
 *
 * Invariants: one request is under way at a time, and each has a higher sequence number than the last, so
 * what the registry takes last is what was announced last; a change is sent as soon as the request under
 * way has ended; after `withdrawn` nothing is sent any more; a withdrawal ends within `limits.withdrawMs`.
 */
export class AnnouncerCore implements Core<AnnouncerEvent, AnnouncerEffect> {
  readonly #registry: string;
  readonly #service: string;
  readonly #sequence: Sequence;
  #instance: Instance | undefined;
  #sent: Instance | undefined;
  #attempt = 0;
  #sending = false;
  #phase: 'announcing' | 'withdrawing' | 'gone' = 'announcing';
  #standing: Standing = 'new';
  #everListed = false;
  #failures = 0;
  /** The end of the request under way, or the time of the next one. */
  #dueMs: number | undefined;
  #giveUpMs = Number.POSITIVE_INFINITY;
  #wakeMs: number | undefined;
  #effects: AnnouncerEffect[] = [];

  constructor(options: {
    readonly registry: string;
    readonly service: string;
    /** One for all announcers of the instance. */
    readonly sequence: Sequence;
  }) {
    this.#registry = options.registry;
    this.#service = options.service;
    this.#sequence = options.sequence;
  }

  /** How it stands with this registry. */
  get standing(): Standing {
    return this.#standing;
  }

  step(event: AnnouncerEvent): readonly AnnouncerEffect[] {
    this.#effects = [];
    if (this.#phase === 'gone') return this.#effects;
    switch (event.type) {
      case 'announce':
        this.#announce(event.instance, event.nowMs);
        break;
      case 'withdraw':
        if (this.#phase === 'announcing') this.#withdraw(event.nowMs);
        break;
      case 'answered':
        if (!this.#sending || event.attempt !== this.#attempt) break;
        this.#sending = false;
        this.#answered(event.answer, event.nowMs, event.random);
        break;
      case 'woken':
        this.#allowForPause(event.nowMs);
        this.#wakeMs = undefined;
        this.#woken(event.nowMs, event.random);
        break;
      default:
        unreachable(event);
    }
    this.#planWake();
    return this.#effects;
  }

  #announce(instance: Instance, nowMs: number): void {
    if (this.#phase !== 'announcing') return;
    this.#instance = instance;
    if (!this.#sending && this.#changed()) this.#send(nowMs);
  }

  #changed(): boolean {
    return (
      this.#instance !== undefined &&
      (this.#sent === undefined || !sameInstance(this.#sent, this.#instance))
    );
  }

  #withdraw(nowMs: number): void {
    this.#phase = 'withdrawing';
    this.#giveUpMs = nowMs + limits.withdrawMs;
    this.#failures = 0;
    if (this.#sending) this.#effects.push({ type: 'cancel', attempt: this.#attempt });
    if (this.#sent === undefined) this.#end(true);
    else this.#send(nowMs);
  }

  #send(nowMs: number): void {
    if (this.#instance === undefined) return;
    const instance = this.#instance;
    this.#attempt += 1;
    this.#sending = true;
    this.#dueMs = nowMs + limits.requestTimeoutMs;
    const attempt = this.#attempt;
    if (this.#phase === 'withdrawing') {
      this.#effects.push({ type: 'delete', attempt, instance });
      return;
    }
    this.#sent = instance;
    this.#effects.push({ type: 'put', attempt, instance, sequence: this.#sequence.next() });
  }

  #answered(answer: AnnounceAnswer, nowMs: number, random: number): void {
    if (this.#phase === 'withdrawing') {
      if (answer.result === 'failed') this.#retry(nowMs, random);
      else this.#end(answer.result === 'removed' || answer.result === 'fenced');
      return;
    }
    this.#judge(answer);
    if (answer.result === 'failed') {
      this.#retry(nowMs, random);
      return;
    }
    this.#failures = 0;
    const waitMs =
      answer.result === 'listed'
        ? Math.min(answer.leaseMs / 3, limits.renewMsMax)
        : limits.refusedRetryMs / 2 + (limits.refusedRetryMs / 2) * random;
    this.#dueMs = nowMs + waitMs;
    if (this.#changed()) this.#send(nowMs);
  }

  #retry(nowMs: number, random: number): void {
    this.#failures += 1;
    this.#dueMs = nowMs + backoffMs(this.#failures, random);
  }

  /** Woken late: this process did not run. An answer that waits to be read is heard before it is given up. */
  #allowForPause(nowMs: number): void {
    if (this.#wakeMs === undefined || nowMs - this.#wakeMs <= limits.lateWakeMs) return;
    if (this.#sending && this.#dueMs !== undefined) this.#dueMs = nowMs + limits.requestTimeoutMs;
  }

  #woken(nowMs: number, random: number): void {
    if (nowMs >= this.#giveUpMs) {
      if (this.#sending) this.#effects.push({ type: 'cancel', attempt: this.#attempt });
      this.#end(false);
      return;
    }
    if (this.#dueMs === undefined || nowMs < this.#dueMs) return;
    if (!this.#sending) {
      this.#send(nowMs);
      return;
    }
    this.#sending = false;
    this.#effects.push({ type: 'cancel', attempt: this.#attempt });
    this.#answered({ result: 'failed', why: 'it did not answer in time' }, nowMs, random);
  }

  #end(confirmed: boolean): void {
    this.#phase = 'gone';
    this.#sending = false;
    this.#dueMs = undefined;
    this.#giveUpMs = Number.POSITIVE_INFINITY;
    this.#report({ type: 'withdrawn', ...this.#who(), confirmed });
    this.#effects.push({ type: 'withdrawn', confirmed });
  }

  /** Reports a change of standing, once. */
  #judge(answer: AnnounceAnswer): void {
    const before = this.#standing;
    switch (answer.result) {
      case 'listed':
        this.#standing = 'listed';
        if (before !== 'listed') {
          this.#report({ type: 'registered', ...this.#who(), again: this.#everListed });
        }
        this.#everListed = true;
        return;
      case 'key-refused':
        this.#standing = 'key-refused';
        if (before === 'key-refused') return;
        this.#report({ type: 'key-refused', registry: this.#registry, why: wrongKey });
        return;
      case 'fenced':
        this.#standing = 'fenced';
        if (before !== 'fenced') this.#report({ type: 'superseded', ...this.#who(), why: answer.why });
        return;
      case 'rejected':
      case 'failed':
      case 'removed':
        this.#fell(answer);
        return;
      default:
        unreachable(answer);
    }
  }

  #fell(answer: Extract<AnnounceAnswer, { result: 'rejected' | 'failed' | 'removed' }>): void {
    const standing = answer.result === 'rejected' ? 'rejected' : 'failing';
    // An answer that said more than "not now" stays the news until there is a better one.
    if (this.#standing === standing || this.#standing === 'key-refused' || this.#standing === 'fenced')
      return;
    this.#standing = standing;
    const why = answer.result === 'removed' ? 'it answered something else than was asked' : answer.why;
    this.#report({ type: 'announce-failed', ...this.#who(), why });
  }

  #who(): { readonly registry: string; readonly service: string; readonly id: string } {
    return { registry: this.#registry, service: this.#service, id: this.#instance?.id ?? '' };
  }

  #planWake(): void {
    const nextMs = Math.min(this.#dueMs ?? Number.POSITIVE_INFINITY, this.#giveUpMs);
    const atMs = Number.isFinite(nextMs) ? nextMs : undefined;
    if (atMs === this.#wakeMs) return;
    this.#wakeMs = atMs;
    this.#effects.push({ type: 'wake', atMs });
  }

  #report(report: AnnouncerReport): void {
    this.#effects.push({ type: 'report', report });
  }
}
