import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { ProbingCore } from './probing.ts';
import type { ProbeOutcome, ProbingEffect } from './probing-events.ts';

const hourMs = 3_600_000;

/** An effect in one line, as the transcripts below show it. */
function line(effect: ProbingEffect): string {
  switch (effect.type) {
    case 'probe':
    case 'cancel':
      return `${effect.type} ${effect.id} #${effect.probe}`;
    case 'put':
    case 'keep':
      return `${effect.type} ${effect.id}`;
    case 'report': {
      const { type, failing, total } = effect.report;
      return `${type} ${failing} of ${total}`;
    }
    case 'unlist':
      return `unlist ${effect.id} after ${effect.failures}: ${effect.why}`;
    case 'forget':
      return `forget ${effect.id}: ${effect.why}`;
    case 'wake':
      return `wake at ${effect.atMs === undefined ? 'no time' : Math.round(effect.atMs)}`;
  }
}

/** A core whose instances behave as told: with an outcome, or without an answer. */
class Session {
  readonly core = new ProbingCore({ seed: 1 });
  nowMs = 0;
  wakeMs: number | undefined;
  readonly underWay = new Map<number, string>();

  enrol(id: string, listed = true): string[] {
    return this.#lines(this.core.step({ type: 'enrolled', id, nowMs: this.nowMs, listed }));
  }

  remove(id: string): string[] {
    return this.#lines(this.core.step({ type: 'removed', id, nowMs: this.nowMs }));
  }

  /** Answers a probe, by default the last. */
  answer(outcome: ProbeOutcome | string, probe = Math.max(...this.underWay.keys())): string[] {
    const id = this.underWay.get(probe) ?? 'a';
    this.underWay.delete(probe);
    const given = typeof outcome === 'string' ? { ok: false as const, why: outcome } : outcome;
    return this.#lines(this.core.step({ type: 'probed', id, probe, nowMs: this.nowMs, outcome: given }));
  }

  /** Goes to the moment it asked to be woken at. */
  wake(): string[] {
    this.nowMs = this.wakeMs ?? Number.NaN;
    return this.#lines(this.core.step({ type: 'woken', nowMs: this.nowMs }));
  }

  /** The same; the milliseconds that passed. */
  wait(): number {
    const beganMs = this.nowMs;
    this.wake();
    return this.nowMs - beganMs;
  }

  #lines(effects: readonly ProbingEffect[]): string[] {
    for (const effect of effects) {
      if (effect.type === 'wake') this.wakeMs = effect.atMs;
      if (effect.type === 'cancel') this.underWay.delete(effect.probe);
      if (effect.type === 'probe') this.underWay.set(effect.probe, effect.id);
    }
    return effects.map(line);
  }
}

const ok: ProbeOutcome = { ok: true };

describe('probing', () => {
  it('asks at once, then every two seconds, and renews with each success', () => {
    const session = new Session();
    expect(session.enrol('a')).toEqual(['probe a #1', 'wake at 1000']);
    session.nowMs = 20;
    expect(session.answer(ok)).toEqual([
      'put a',
      expect.stringMatching(/^wake at (16[2-9]|1[789]|20[01])\d+$/),
    ]);
    for (let round = 0; round < 50; round++) {
      const waitedMs = session.wait();
      expect(waitedMs).toBeGreaterThanOrEqual(1600);
      expect(waitedMs).toBeLessThanOrEqual(2000);
      expect(session.answer(ok)[0]).toBe('put a');
    }
    expect(session.core.isListed('a')).toBe(true);
  });

  it('takes it off the list after two failures in a row, and puts it back after one success', () => {
    const session = new Session();
    session.enrol('a');
    expect(session.answer('it answered 500')).toEqual([expect.stringMatching(/^wake/)]);
    session.wake();
    expect(session.answer(ok)[0]).toBe('put a');
    session.wake();
    expect(session.answer('it answered 500')).toEqual([expect.stringMatching(/^wake/)]);
    session.wake();
    expect(session.answer('refused')[0]).toBe('unlist a after 2: refused');
    expect(session.core.isListed('a')).toBe(false);
    session.wake();
    expect(session.answer('refused')).toEqual([expect.stringMatching(/^wake/)]);
    session.wake();
    expect(session.answer(ok)[0]).toBe('put a');
    expect(session.core.isListed('a')).toBe(true);
  });

  it('counts no answer within a second as a failure, and takes none that comes later', () => {
    const session = new Session();
    session.enrol('a');
    const lines = session.wake();
    expect(session.nowMs).toBe(1000);
    expect(lines).toEqual(['cancel a #1', expect.stringMatching(/^wake at (18|19|20)\d\d$/)]);
    expect(session.answer(ok, 1)).toEqual([]);
    session.wake();
    expect(session.wake().slice(0, 2)).toEqual([
      'cancel a #2',
      'unlist a after 2: it did not answer within 1000 ms',
    ]);
  });

  it('asks ever less often while it fails, every half a minute in the end', () => {
    const session = new Session();
    session.enrol('a');
    const waits: number[] = [];
    for (let round = 0; round < 12; round++) {
      session.answer('refused');
      waits.push(session.wait());
    }
    for (const [index, waitedMs] of waits.entries()) {
      const ceilingMs = Math.min(30_000, 1000 * 2 ** index);
      expect(waitedMs).toBeGreaterThanOrEqual(ceilingMs * 0.8);
      expect(waitedMs).toBeLessThanOrEqual(ceilingMs);
    }
    session.answer(ok);
    expect(session.wait()).toBeLessThanOrEqual(2000);
  });

  it('forgets what has failed for 24 hours, and not before', () => {
    const session = new Session();
    session.enrol('a');
    session.answer(ok);
    session.wake();
    const failingSinceMs = session.nowMs;
    for (;;) {
      const [first] = session.answer('refused');
      const failingMs = session.nowMs - failingSinceMs;
      if (first === 'forget a: refused') {
        expect(failingMs).toBeGreaterThanOrEqual(24 * hourMs);
        break;
      }
      expect(failingMs).toBeLessThan(24 * hourMs);
      session.wake();
    }
    expect(session.core.size).toBe(0);
    expect(session.core.isListed('a')).toBe(false);
  });

  it('starts afresh when enrolled again, and gives up the probe under way', () => {
    const session = new Session();
    session.enrol('a');
    session.answer('refused');
    session.wake();
    // At this very moment, so that the wake planned for the probe before still fits.
    expect(session.enrol('a')).toEqual(['cancel a #2', 'probe a #3']);
    // The failure before counts no more.
    expect(session.answer('refused')).toEqual([expect.stringMatching(/^wake/)]);
    expect(session.core.isListed('a')).toBe(true);
  });

  it('says no more of what was removed', () => {
    const session = new Session();
    session.enrol('a');
    expect(session.remove('a')).toEqual(['cancel a #1', 'wake at no time']);
    expect(session.answer(ok, 1)).toEqual([]);
    expect(session.remove('a')).toEqual([]);
  });

  it('lists what is enrolled unlisted once it answers', () => {
    const session = new Session();
    session.enrol('a', false);
    expect(session.core.isListed('a')).toBe(false);
    session.answer('refused');
    session.wake();
    // It was not listed, so there is nothing to take off the list.
    expect(session.answer('refused')).toEqual([expect.stringMatching(/^wake/)]);
    session.wake();
    expect(session.answer(ok)[0]).toBe('put a');
  });

  it('keeps to its places, and gives the next one to who has waited longest', () => {
    const session = new Session();
    const many = limits.probesUnderWayMax + 3;
    for (let index = 0; index < many; index++) {
      session.nowMs = index;
      session.enrol(`i${index}`);
    }
    expect(session.underWay.size).toBe(limits.probesUnderWayMax);
    expect(session.answer(ok, 10)).toContain(`probe i${limits.probesUnderWayMax} #65`);
    expect(session.answer(ok, 20)).toContain(`probe i${limits.probesUnderWayMax + 1} #66`);
    expect(session.underWay.size).toBe(limits.probesUnderWayMax);
  });
});

describe('a mass failure of probes', () => {
  const five = ['a', 'b', 'c', 'd', 'e'];

  /** Lists these; what each answers from then on, and the lines of it, without wakes and probes. */
  class Fleet {
    readonly session = new Session();
    readonly failing = new Set<string>();
    readonly lines: string[] = [];

    constructor(ids: readonly string[]) {
      for (const id of ids) this.session.enrol(id);
      this.pass(10_000);
      this.told();
    }

    pass(ms: number): void {
      const endMs = this.session.nowMs + ms;
      for (;;) {
        for (const [probe, id] of [...this.session.underWay]) {
          this.lines.push(...this.session.answer(this.failing.has(id) ? 'refused' : ok, probe));
        }
        if ((this.session.wakeMs ?? endMs) >= endMs) break;
        this.lines.push(...this.session.wake());
      }
      this.session.nowMs = endMs;
    }

    /** Since it was last asked; what is said of an instance, once each. */
    told(): string[] {
      const told = this.lines.splice(0).filter((text) => !/^(wake|probe|put) /.test(text));
      return [...new Set(told)].sort();
    }

    get listed(): string {
      return five.filter((id) => this.session.core.isListed(id)).join('');
    }
  }

  it('keeps them listed for a limited time, and says how many and for how long', () => {
    const fleet = new Fleet(five);
    for (const id of ['a', 'b', 'c', 'd']) fleet.failing.add(id);
    fleet.pass(5_000);
    expect(fleet.listed).toBe('abcde');
    expect(fleet.told()).toEqual([
      'keep a',
      'keep b',
      'keep c',
      'keep d',
      expect.stringMatching(/^probes-held 4 of 5$/),
    ]);
    const held = fleet.session.core.heldAt(fleet.session.nowMs);
    expect(held).toMatchObject({ failing: 4, total: 5 });
    expect(held?.remainingMs).toBeGreaterThan(limits.massExpiryHoldMs - 5_000);
    fleet.pass((held?.remainingMs ?? 0) - 1);
    expect(fleet.listed).toBe('abcde');
    // It wants to be woken for it, whatever else is to come.
    expect(fleet.session.wakeMs).toBeCloseTo(fleet.session.nowMs + 1);
    fleet.told();
    fleet.pass(1);
    fleet.session.wake();
    expect(fleet.listed).toBe('e');
    expect(fleet.session.core.heldAt(fleet.session.nowMs)).toBeUndefined();
  });

  it('renews their leases more often than those run out', () => {
    const fleet = new Fleet(five);
    for (const id of five) fleet.failing.add(id);
    fleet.pass(5_000);
    const held = fleet.lines.findIndex((text) => text.startsWith('probes-held'));
    const failing = Number(/held (\d) of 5/.exec(fleet.lines[held] ?? '')?.[1]);
    // At once, those that had failed before.
    const kept = fleet.lines.slice(held + 1, held + 1 + failing);
    expect(kept.every((text) => text.startsWith('keep'))).toBe(true);
    expect(new Set(kept).size).toBe(failing);
    for (let round = 0; round < 10; round++) {
      fleet.told();
      fleet.pass(limits.probeIntervalMs + 1);
      expect(fleet.told()).toEqual(five.map((id) => `keep ${id}`));
    }
  });

  it('is over when all are back, and none of them was ever off the list', () => {
    const fleet = new Fleet(five);
    for (const id of five) fleet.failing.add(id);
    fleet.pass(20_000);
    fleet.failing.clear();
    fleet.pass(limits.probeIntervalMs + 1);
    expect(fleet.session.core.heldAt(fleet.session.nowMs)).toBeUndefined();
    expect(fleet.listed).toBe('abcde');
    expect(fleet.told()).toEqual([
      ...five.map((id) => `keep ${id}`),
      expect.stringMatching(/^probes-held \d of 5$/),
    ]);
  });

  it('waits a moment for stragglers once most are back', () => {
    const fleet = new Fleet(five);
    for (const id of five) fleet.failing.add(id);
    fleet.pass(5_000);
    for (const id of ['a', 'b', 'c', 'd']) fleet.failing.delete(id);
    fleet.pass(limits.probeIntervalMs + 1);
    expect(fleet.listed).toBe('abcde');
    fleet.told();
    fleet.pass(limits.massExpiryRecoverMs);
    expect(fleet.listed).toBe('abcd');
    expect(fleet.told()).toEqual([
      'keep e',
      'probes-released 1 of 5',
      expect.stringMatching(/^unlist e after \d+: refused$/),
    ]);
  });

  it.each([
    ['fewer than four', ['a', 'b', 'c'], ['a', 'b', 'c']],
    ['half of them', [...five, 'f', 'g', 'h'], ['e', 'f', 'g', 'h']],
  ])('is none when they are %s', (_, ids, failing) => {
    const fleet = new Fleet(ids);
    for (const id of failing) fleet.failing.add(id);
    fleet.pass(5_000);
    expect(fleet.told()).toEqual(failing.map((id) => `unlist ${id} after 2: refused`));
  });

  it('counts only who is listed: what failed long ago does not dilute it', () => {
    const fleet = new Fleet([...five, 'f', 'g', 'h', 'i', 'j', 'k']);
    for (const gone of ['f', 'g', 'h', 'i', 'j', 'k']) {
      fleet.failing.add(gone);
      fleet.pass(5_000);
    }
    fleet.told();
    for (const id of five) fleet.failing.add(id);
    fleet.pass(5_000);
    expect(fleet.listed).toBe('abcde');
    expect(fleet.told()).toContainEqual(expect.stringMatching(/^probes-held \d of 5$/));
  });
});
