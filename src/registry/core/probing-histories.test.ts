import { describe, expect, it } from 'vitest';
import { must, Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { ProbingCore } from './probing.ts';
import type { ProbingEffect, ProbingEvent, ProbingReport } from './probing-events.ts';

/** What an outsider knows of one instance. */
interface Known {
  listed: boolean;
  failures: number;
  probe: number | undefined;
  sinceMs: number;
}

/**
 * Random histories of many instances that live, die, hang and are enrolled and removed all the time; what the
 * core does is held against what an outsider who sees the same events expects.
 */
class History {
  readonly trace: string[] = [];
  readonly figures = { probes: 0, puts: 0, unlisted: 0, busiest: 0, holds: 0, releases: 0 };
  readonly #prng: Prng;
  readonly #core: ProbingCore;
  readonly #known = new Map<string, Known>();
  readonly #underWay = new Map<number, string>();
  readonly #instances: number;
  #nowMs = 0;
  #wakeMs: number | undefined;
  /** Until when the hold that was reported may last. */
  #holdEndMs: number | undefined;
  #isRecovering = false;
  /** Whether unlisting is right in this step; known from the first word of it. */
  #mayUnlist: boolean | undefined;
  /** How many of ten probes succeed these days. */
  #luck = 5;

  constructor(seed: number) {
    this.#prng = new Prng(seed);
    this.#core = new ProbingCore({ seed });
    this.#instances = 1 + this.#prng.below(300);
  }

  play(steps: number): void {
    const enrolledFirst = this.#prng.chance(0.5) ? this.#instances : 0;
    for (let step = 0; step < enrolledFirst; step++) this.#enrolOrRemove();
    for (let step = 0; step < steps; step++) {
      if (this.#prng.chance(0.02)) this.#luck = this.#prng.below(11);
      if (this.#prng.chance(0.1)) this.#enrolOrRemove();
      else if (this.#underWay.size > 0 && this.#prng.chance(0.7)) this.#answer();
      else this.#passTime(0.05);
    }
    // Nobody waits for ever: with answers from now on, everybody is asked.
    const untilMs = this.#nowMs + 2 * limits.probeBackoffMaxMs;
    const asked = new Set<string>();
    while (this.#nowMs < untilMs && asked.size < this.#known.size) {
      for (const [probe, id] of [...this.#underWay]) {
        asked.add(id);
        this.#end(probe, id, true);
      }
      this.#passTime(0);
    }
    expect(asked).toEqual(new Set(this.#known.keys()));
    for (const id of this.#known.keys()) expect(this.#core.isListed(id)).toBe(true);
  }

  #enrolOrRemove(): void {
    const id = `i${this.#prng.below(this.#instances)}`;
    const nowMs = this.#nowMs;
    if (this.#prng.chance(0.3)) {
      this.#known.delete(id);
      this.#step({ type: 'removed', id, nowMs });
    } else {
      const listed = this.#prng.chance(0.5);
      const probe = this.#known.get(id)?.probe;
      this.#known.set(id, { listed, failures: 0, probe, sinceMs: nowMs });
      this.#step({ type: 'enrolled', id, nowMs, listed });
    }
  }

  #answer(): void {
    const probes = [...this.#underWay];
    const [probe, id] = must(probes[this.#prng.below(probes.length)], 'a probe under way');
    this.#end(probe, id, this.#prng.chance(this.#luck / 10));
    // The same answer again, or a late one, changes nothing.
    const nowMs = this.#nowMs;
    const late = this.#core.step({ type: 'probed', id, probe, nowMs, outcome: { ok: true } });
    expect(late).toEqual([]);
  }

  #end(probe: number, id: string, ok: boolean): void {
    this.#underWay.delete(probe);
    const known = must(this.#known.get(id), 'what is probed');
    expect(known.probe).toBe(probe);
    known.probe = undefined;
    known.failures = ok ? 0 : known.failures + 1;
    const outcome = ok ? ({ ok } as const) : ({ ok, why: 'refused' } as const);
    const effects = this.#step({ type: 'probed', id, probe, nowMs: this.#nowMs, outcome });
    expect(effects.filter(({ type }) => type === 'put')).toHaveLength(ok ? 1 : 0);
  }

  #passTime(lateChance: number): void {
    const lateMs = this.#prng.chance(lateChance) ? this.#prng.below(5000) : 0;
    this.#nowMs = Math.max(this.#nowMs, (this.#wakeMs ?? this.#nowMs + 100) + lateMs);
    this.#wakeMs = undefined;
    this.#step({ type: 'woken', nowMs: this.#nowMs });
  }

  #step(event: ProbingEvent): readonly ProbingEffect[] {
    const effects = this.#core.step(event);
    this.trace.push(JSON.stringify(effects));
    this.#mayUnlist = undefined;
    for (const effect of effects) this.#check(effect);
    this.#checkHold();
    const isOverdue = ({ probe, sinceMs }: Known): boolean =>
      probe !== undefined && this.#nowMs - sinceMs >= limits.probeTimeoutMs;
    if (event.type === 'woken') expect([...this.#known.values()].filter(isOverdue)).toEqual([]);
    this.figures.busiest = Math.max(this.figures.busiest, this.#underWay.size);
    expect(this.#underWay.size).toBeLessThanOrEqual(limits.probesUnderWayMax);
    expect(this.#core.size).toBe(this.#known.size);
    const differs = [...this.#known].filter(([id, { listed }]) => this.#core.isListed(id) !== listed);
    expect(differs).toEqual([]);
    // It always wants to be woken when there is anything to be done.
    expect(this.#wakeMs === undefined).toBe(this.#known.size === 0);
    return effects;
  }

  #census() {
    const listed = [...this.#known.values()].filter((known) => known.listed);
    const failing = listed.filter(({ failures }) => failures > 0).length;
    const due = listed.filter(({ failures }) => failures >= limits.probeFailuresMax).length;
    const most = failing >= limits.massExpiryMin && failing * 2 > listed.length;
    return { failing, total: listed.length, due, most };
  }

  #checkReport(report: ProbingReport): void {
    const { failing, total, most } = this.#census();
    expect(report).toMatchObject({ failing, total });
    if (report.type === 'probes-held') {
      expect([this.#holdEndMs, most]).toEqual([undefined, true]);
      this.#holdEndMs = this.#nowMs + limits.massExpiryHoldMs;
      this.figures.holds += 1;
      return;
    }
    this.#shortenHold(most);
    expect(this.#nowMs).toBeGreaterThanOrEqual(must(this.#holdEndMs, 'a hold'));
    this.#holdEndMs = undefined;
    this.#mayUnlist = true;
    this.figures.releases += 1;
  }

  /** Once most are back the others get a moment, counted from the first time that this is seen. */
  #shortenHold(most: boolean): void {
    if (most || this.#holdEndMs === undefined || this.#isRecovering) return;
    this.#isRecovering = true;
    this.#holdEndMs = Math.min(this.#holdEndMs, this.#nowMs + limits.massExpiryRecoverMs);
  }

  /** Whoever failed often enough is held or gone, and no hold lasts longer than it may. */
  #checkHold(): void {
    const { failing, total, due, most } = this.#census();
    if (due === 0) this.#holdEndMs = undefined;
    this.#shortenHold(most);
    if (this.#holdEndMs === undefined) this.#isRecovering = false;
    const remainingMs = (this.#holdEndMs ?? 0) - this.#nowMs;
    const expected = this.#holdEndMs === undefined ? undefined : { failing, total, remainingMs };
    expect(this.#core.heldAt(this.#nowMs)).toEqual(expected);
    expect(due === 0 || remainingMs > 0).toBe(true);
  }

  #check(effect: ProbingEffect): void {
    if (effect.type === 'wake') {
      this.#wakeMs = effect.atMs;
      return;
    }
    if (effect.type === 'report') {
      this.#checkReport(effect.report);
      return;
    }
    if (effect.type === 'cancel') {
      expect(this.#underWay.get(effect.probe)).toBe(effect.id);
      this.#underWay.delete(effect.probe);
      const cancelled = this.#known.get(effect.id);
      if (cancelled?.probe !== effect.probe) return;
      cancelled.probe = undefined;
      // One that timed out, unless it was enrolled afresh at this moment.
      if (cancelled.sinceMs + limits.probeTimeoutMs <= this.#nowMs) cancelled.failures += 1;
      return;
    }
    const known = must(this.#known.get(effect.id), `${effect.id} to be enrolled`);
    switch (effect.type) {
      case 'probe':
        expect(known.probe).toBeUndefined();
        known.probe = effect.probe;
        known.sinceMs = this.#nowMs;
        this.#underWay.set(effect.probe, effect.id);
        this.figures.probes += 1;
        return;
      case 'put':
        expect(known.failures).toBe(0);
        known.listed = true;
        this.figures.puts += 1;
        return;
      case 'keep':
        expect([known.listed, known.failures > 0]).toEqual([true, true]);
        return;
      case 'unlist':
        this.#mayUnlist ??= this.#holdEndMs === undefined && !this.#census().most;
        expect(this.#mayUnlist).toBe(true);
        expect(known.listed).toBe(true);
        expect(effect.failures).toBe(known.failures);
        expect(known.failures).toBeGreaterThanOrEqual(limits.probeFailuresMax);
        known.listed = false;
        this.figures.unlisted += 1;
        return;
      case 'forget':
        expect.unreachable('Nothing fails for a day here.');
    }
  }
}

describe('random histories of probing', () => {
  const seeds = Array.from({ length: 12 }, (_, index) => index + 1);
  const played = new Map<number, History>();
  const historyOf = (seed: number): History => {
    const history = played.get(seed) ?? new History(seed);
    if (!played.has(seed)) history.play(400);
    played.set(seed, history);
    return history;
  };

  it.each(seeds)('keep every promise, and are the same again (seed %i)', (seed) => {
    const history = historyOf(seed);
    expect(history.figures.probes).toBeGreaterThan(100);
    expect(history.figures.puts).toBeGreaterThan(50);
    const again = new History(seed);
    again.play(400);
    expect(again.trace).toEqual(history.trace);
  });

  it('reach what they are about', () => {
    const figures = seeds.map((seed) => historyOf(seed).figures);
    const sum = (count: (one: History['figures']) => number) =>
      figures.reduce((total, one) => total + count(one), 0);
    expect(sum(({ unlisted }) => unlisted)).toBeGreaterThan(100);
    expect(sum(({ holds }) => holds)).toBeGreaterThan(20);
    expect(sum(({ releases }) => releases)).toBeGreaterThan(5);
    expect(Math.max(...figures.map(({ busiest }) => busiest))).toBe(limits.probesUnderWayMax);
  });
});
