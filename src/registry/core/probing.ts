import { type Core, Prng, unreachable } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { MassHold } from './mass-hold.ts';
import type {
  ProbeOutcome,
  ProbesHeld,
  ProbingEffect,
  ProbingEvent,
  ProbingReport,
} from './probing-events.ts';

interface Probed {
  readonly id: string;
  listed: boolean;
  /** In a row. */
  failures: number;
  /** When the first of them was seen. */
  failingSinceMs: number;
  /** The last of them. */
  why: string;
  /** When the next probe is due, or the one under way has taken too long. */
  dueMs: number;
  /** The one under way. */
  probe: number | undefined;
}

/**
 * Decides when each instance that renews no lease by itself is asked whether it lives, and what follows. Two
 * failures in a row take it off the list (one may be an accident), one success puts it back; while it fails
 * it is asked ever less often.
 *
 * When most of them fail together none is taken off the list for a while, as with leases. Those that failed
 * once count: the second failures come in one after the other, and the first of them must not go before it
 * shows that they all fail.
 *
 * Invariants: one probe of an instance is under way at a time, and `limits.probesUnderWayMax` of all; each
 * ends within `limits.probeTimeoutMs`, as a failure if need be; the one longest due goes first; nothing is
 * said of an instance after `removed` or `forget`, and an answer to a probe given up changes nothing; what
 * failed often enough is unlisted in the same step, or held.
 */
export class ProbingCore implements Core<ProbingEvent, ProbingEffect> {
  readonly #prng: Prng;
  readonly #probed = new Map<string, Probed>();
  readonly #hold = new MassHold();
  #lastProbe = 0;
  #underWay = 0;
  #wakeMs: number | undefined;
  #effects: ProbingEffect[] = [];

  /** `seed` spreads the probes: instances enrolled together are not asked together for ever. */
  constructor(options: { readonly seed: number }) {
    this.#prng = new Prng(options.seed);
  }

  get size(): number {
    return this.#probed.size;
  }

  isListed(id: string): boolean {
    return this.#probed.get(id)?.listed === true;
  }

  heldAt(nowMs: number): ProbesHeld | undefined {
    return this.#hold.at(nowMs);
  }

  step(event: ProbingEvent): readonly ProbingEffect[] {
    this.#effects = [];
    switch (event.type) {
      case 'enrolled':
        this.#enrol(event.id, event.nowMs, event.listed);
        break;
      case 'removed':
        this.#remove(event.id);
        break;
      case 'probed':
        this.#answered(event.id, event.probe, event.outcome, event.nowMs);
        break;
      case 'woken':
        this.#wakeMs = undefined;
        this.#expire(event.nowMs);
        break;
      default:
        unreachable(event);
    }
    this.#unlistDue(event.nowMs);
    this.#startDue(event.nowMs);
    this.#planWake();
    return this.#effects;
  }

  #enrol(id: string, nowMs: number, listed: boolean): void {
    this.#remove(id);
    const fresh = { failures: 0, failingSinceMs: nowMs, why: '', dueMs: nowMs, probe: undefined };
    this.#probed.set(id, { id, listed, ...fresh });
  }

  #remove(id: string): void {
    const probed = this.#probed.get(id);
    if (probed === undefined) return;
    this.#cancel(probed);
    this.#probed.delete(id);
  }

  #cancel(probed: Probed): void {
    if (probed.probe === undefined) return;
    this.#effects.push({ type: 'cancel', id: probed.id, probe: probed.probe });
    this.#ended(probed);
  }

  #ended(probed: Probed): void {
    probed.probe = undefined;
    this.#underWay -= 1;
  }

  #answered(id: string, probe: number, outcome: ProbeOutcome, nowMs: number): void {
    const probed = this.#probed.get(id);
    if (probed?.probe !== probe) return;
    this.#ended(probed);
    if (outcome.ok) this.#succeeded(probed, nowMs);
    else this.#failed(probed, outcome.why, nowMs);
  }

  #expire(nowMs: number): void {
    for (const probed of this.#probed.values()) {
      if (probed.probe === undefined || probed.dueMs > nowMs) continue;
      this.#cancel(probed);
      this.#failed(probed, `it did not answer within ${limits.probeTimeoutMs} ms`, nowMs);
    }
  }

  #succeeded(probed: Probed, nowMs: number): void {
    probed.listed = true;
    probed.failures = 0;
    probed.dueMs = nowMs + this.#spread(limits.probeIntervalMs);
    this.#effects.push({ type: 'put', id: probed.id });
  }

  #failed(probed: Probed, why: string, nowMs: number): void {
    const { id } = probed;
    if (probed.failures === 0) probed.failingSinceMs = nowMs;
    probed.failures += 1;
    probed.why = why;
    const failingMs = nowMs - probed.failingSinceMs;
    if (failingMs >= limits.probeForgetMs) {
      if (probed.listed) this.#unlist(probed);
      this.#probed.delete(id);
      this.#effects.push({ type: 'forget', id, failingMs, why });
      return;
    }
    // Held ones are asked as often as ever, so that it shows when they are back.
    const isHeld = this.#hold.untilMs !== undefined && probed.listed;
    if (isHeld) this.#effects.push({ type: 'keep', id });
    const doubledMs = limits.probeBackoffMinMs * 2 ** (probed.failures - 1);
    const waitMs = isHeld ? limits.probeIntervalMs : Math.min(limits.probeBackoffMaxMs, doubledMs);
    probed.dueMs = nowMs + this.#spread(waitMs);
  }

  #unlistDue(nowMs: number): void {
    const listed = [...this.#probed.values()].filter((probed) => probed.listed);
    const failing = listed.filter(({ failures }) => failures > 0);
    const due = failing.filter(({ failures }) => failures >= limits.probeFailuresMax);
    const sighting = { due: due.length, failing: failing.length, total: listed.length };
    const verdict = this.#hold.judge(sighting, nowMs);
    if (verdict === 'begun') this.#held(failing, listed.length);
    if (verdict === 'begun' || verdict === 'held') return;
    if (verdict === 'released') {
      this.#report({ type: 'probes-released', failing: failing.length, total: listed.length });
    }
    for (const probed of due) this.#unlist(probed);
  }

  #unlist(probed: Probed): void {
    const { id, failures, why } = probed;
    probed.listed = false;
    this.#effects.push({ type: 'unlist', id, failures, why });
  }

  #held(failing: readonly Probed[], total: number): void {
    const holdMs = limits.massExpiryHoldMs;
    this.#report({ type: 'probes-held', failing: failing.length, total, holdMs });
    // Their leases were last renewed before they failed, and must last through the hold.
    for (const { id } of failing) this.#effects.push({ type: 'keep', id });
  }

  #report(report: ProbingReport): void {
    this.#effects.push({ type: 'report', report });
  }

  #spread(ms: number): number {
    return ms * (1 - limits.probeSpread * this.#prng.fraction());
  }

  #startDue(nowMs: number): void {
    if (this.#underWay >= limits.probesUnderWayMax) return;
    const due = [...this.#probed.values()].filter(
      ({ probe, dueMs }) => probe === undefined && dueMs <= nowMs,
    );
    due.sort((left, right) => left.dueMs - right.dueMs);
    for (const probed of due.slice(0, limits.probesUnderWayMax - this.#underWay)) {
      const probe = ++this.#lastProbe;
      this.#underWay += 1;
      probed.probe = probe;
      probed.dueMs = nowMs + limits.probeTimeoutMs;
      this.#effects.push({ type: 'probe', id: probed.id, probe });
    }
  }

  /** While all places are taken, a probe that is due waits for one to end, not for a moment. */
  #planWake(): void {
    const isFull = this.#underWay >= limits.probesUnderWayMax;
    let nextMs = this.#hold.untilMs ?? Number.POSITIVE_INFINITY;
    for (const { probe, dueMs } of this.#probed.values()) {
      if (dueMs < nextMs && (probe !== undefined || !isFull)) nextMs = dueMs;
    }
    const atMs = Number.isFinite(nextMs) ? nextMs : undefined;
    if (atMs === this.#wakeMs) return;
    this.#wakeMs = atMs;
    this.#effects.push({ type: 'wake', atMs });
  }
}
