import { describe, expect, it } from 'vitest';
import type { Instance, InstanceState } from '../../calls/index.ts';
import { limits } from '../limits.ts';
import { AnnouncerCore } from './announcer.ts';
import type { AnnounceAnswer, AnnouncerEffect, AnnouncerEvent } from './announcer-events.ts';
import { LeasesCore } from './leases.ts';
import { Sequence } from './sequence.ts';

const instance = (state: InstanceState = 'ready'): Instance => ({
  id: 'a-1',
  incarnation: 'i1',
  host: '127.0.0.1',
  port: 8080,
  state,
  weight: 1,
});

function line(effect: AnnouncerEffect): string {
  switch (effect.type) {
    case 'put':
      return `put ${effect.instance.state} #${effect.sequence}`;
    case 'delete':
      return `delete ${effect.instance.incarnation}`;
    case 'cancel':
      return 'cancel';
    case 'wake':
      return `wake ${effect.atMs ?? 'never'}`;
    case 'withdrawn':
      return effect.confirmed ? 'withdrawn' : 'given up';
    case 'report':
      return `report ${reportLine(effect.report)}`;
  }
}

function reportLine(report: Extract<AnnouncerEffect, { type: 'report' }>['report']): string {
  return report.type === 'registered' && report.again ? 'registered again' : report.type;
}

class Session {
  readonly core: AnnouncerCore;
  nowMs = 0;
  wakeMs: number | undefined;
  attempt = 0;

  constructor(sequence = new Sequence()) {
    this.core = new AnnouncerCore({ registry: 'r1', service: 'a', sequence });
  }

  announce = (state: InstanceState = 'ready') =>
    this.#step({ type: 'announce', nowMs: this.nowMs, instance: instance(state) });
  withdraw = () => this.#step({ type: 'withdraw', nowMs: this.nowMs });
  answer = (answer: AnnounceAnswer, attempt = this.attempt) =>
    this.#step({ type: 'answered', attempt, nowMs: this.nowMs, random: 1, answer });
  listed = (leaseMs = 6000) => this.answer({ result: 'listed', leaseMs });
  failed = () => this.answer({ result: 'failed', why: 'refused' });

  pass(ms: number): string[] {
    const lines: string[] = [];
    const untilMs = this.nowMs + ms;
    while (this.wakeMs !== undefined && this.wakeMs <= untilMs) {
      this.nowMs = this.wakeMs;
      this.wakeMs = undefined;
      const woken = this.#step({ type: 'woken', nowMs: this.nowMs, random: 1 });
      lines.push(...woken.map((text) => `${this.nowMs} ${text}`));
    }
    this.nowMs = untilMs;
    return lines;
  }

  /** The process did not run for so long; then its timers fire. */
  freeze(ms: number): string[] {
    this.nowMs += ms;
    this.wakeMs = undefined;
    return this.#step({ type: 'woken', nowMs: this.nowMs, random: 1 });
  }

  #step(event: AnnouncerEvent): string[] {
    const effects = this.core.step(event);
    for (const effect of effects) {
      if (effect.type === 'wake') this.wakeMs = effect.atMs;
      if (effect.type === 'put' || effect.type === 'delete') this.attempt = effect.attempt;
    }
    return effects.filter((effect) => effect.type !== 'wake').map(line);
  }
}

describe('an announcer', () => {
  it('hears an answer that waited while its process did not run, and then goes on as ever', () => {
    const session = new Session();
    session.announce();
    expect(session.freeze(limits.requestTimeoutMs + 5_000)).toEqual([]);
    expect(session.listed()).toEqual(['report registered']);
    session.pass(2_000);
    const lines = session.pass(limits.requestTimeoutMs);
    expect(lines.map((text) => text.replace(/^\d+ /, ''))).toEqual(['cancel', 'report announce-failed']);
  });

  it('registers, and renews at a third of the lease', () => {
    const announcer = new Session();
    expect(announcer.announce()).toEqual(['put ready #1']);
    expect(announcer.listed(3000)).toEqual(['report registered']);
    expect(announcer.pass(1000)).toEqual(['1000 put ready #2']);
    expect(announcer.listed(3000)).toEqual([]);
    expect(announcer.pass(999)).toEqual([]);
    expect(announcer.pass(1)).toEqual(['2000 put ready #3']);
  });

  it('renews long leases as often as default ones, for the sake of a registry that restarted', () => {
    const announcer = new Session();
    announcer.announce();
    announcer.listed(60_000);
    expect(announcer.pass(2000)).toEqual(['2000 put ready #2']);
  });

  it('pushes a change of state at once, and after the request under way at the latest', () => {
    const announcer = new Session();
    announcer.announce('starting');
    expect(announcer.announce('ready')).toEqual([]);
    expect(announcer.listed()).toEqual(['report registered', 'put ready #2']);
    announcer.listed();
    expect(announcer.announce('ready')).toEqual([]);
    expect(announcer.announce('draining')).toEqual(['put draining #3']);
  });

  it('backs off while the registry is away, says so once, and is back within two seconds', () => {
    const announcer = new Session();
    announcer.announce();
    announcer.listed();
    announcer.pass(2000);
    expect(announcer.failed()).toEqual(['report announce-failed']);
    const waits: number[] = [];
    for (let attempt = 0; attempt < 7; attempt++) {
      waits.push((announcer.wakeMs ?? 0) - announcer.nowMs);
      announcer.pass((announcer.wakeMs ?? 0) - announcer.nowMs);
      expect(announcer.failed()).toEqual([]);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    announcer.pass(2000);
    expect(announcer.listed()).toEqual(['report registered again']);
  });

  it('sends a change of state in spite of a backoff', () => {
    const announcer = new Session();
    announcer.announce('starting');
    for (let attempt = 0; attempt < 6; attempt++) {
      announcer.failed();
      announcer.pass((announcer.wakeMs ?? 0) - announcer.nowMs);
    }
    announcer.failed();
    expect(announcer.announce('ready')[0]).toMatch(/^put ready/);
  });

  it('gives a request a second', () => {
    const announcer = new Session();
    announcer.announce();
    expect(announcer.pass(1000)).toEqual(['1000 cancel', '1000 report announce-failed']);
    expect(announcer.listed()).toEqual([]);
    expect(announcer.pass(100)).toEqual(['1100 put ready #2']);
    expect(announcer.listed()).toEqual(['report registered']);
  });

  it('reports a refused key once, and goes on asking now and then', () => {
    const announcer = new Session();
    announcer.announce();
    const refused: AnnounceAnswer = { result: 'key-refused' };
    expect(announcer.answer(refused)).toEqual(['report key-refused']);
    expect(announcer.pass(2000)).toEqual(['2000 put ready #2']);
    expect(announcer.failed()).toEqual([]);
    announcer.pass(100);
    expect(announcer.answer(refused)).toEqual([]);
    announcer.pass(2000);
    expect(announcer.listed()).toEqual(['report registered']);
  });

  it('reports that it was superseded, and takes its place again when the other is gone', () => {
    const announcer = new Session();
    announcer.announce();
    announcer.listed();
    announcer.pass(2000);
    expect(announcer.answer({ result: 'fenced', why: 'i2' })).toEqual(['report superseded']);
    announcer.pass(2000);
    expect(announcer.answer({ result: 'fenced', why: 'i2' })).toEqual([]);
    announcer.pass(2000);
    expect(announcer.listed()).toEqual(['report registered again']);
  });
});

describe('withdrawing', () => {
  it('deregisters and then is silent', () => {
    const announcer = new Session();
    announcer.announce();
    announcer.listed();
    expect(announcer.announce('draining')).toEqual(['put draining #2']);
    announcer.listed();
    expect(announcer.withdraw()).toEqual(['delete i1']);
    expect(announcer.answer({ result: 'removed' })).toEqual(['report withdrawn', 'withdrawn']);
    expect(announcer.pass(10_000)).toEqual([]);
    expect(announcer.announce('ready')).toEqual([]);
  });

  it('does not wait for the renewal under way', () => {
    const announcer = new Session();
    announcer.announce();
    const put = announcer.attempt;
    expect(announcer.withdraw()).toEqual(['cancel', 'delete i1']);
    expect(announcer.answer({ result: 'listed', leaseMs: 6000 }, put)).toEqual([]);
    expect(announcer.answer({ result: 'removed' })).toEqual(['report withdrawn', 'withdrawn']);
  });

  it('tries again, but ends within a second', () => {
    const announcer = new Session();
    announcer.announce();
    announcer.listed();
    announcer.withdraw();
    announcer.failed();
    expect(announcer.pass(100)).toEqual(['100 delete i1']);
    announcer.failed();
    expect(announcer.pass(200)).toEqual(['300 delete i1']);
    expect(announcer.pass(700)).toEqual(['1000 cancel', '1000 report withdrawn', '1000 given up']);
    expect(announcer.pass(10_000)).toEqual([]);
  });

  it('has nothing to do when nothing was announced', () => {
    expect(new Session().withdraw()).toEqual(['report withdrawn', 'withdrawn']);
  });
});

describe('two announcers of one instance, whose registries share a store', () => {
  const toStore = (store: LeasesCore, effects: readonly AnnouncerEffect[]): void => {
    for (const effect of effects) {
      if (effect.type !== 'put') continue;
      const { instance: what, sequence } = effect;
      const put = { type: 'put', request: 0, service: 'a', leaseMs: 6000, nowMs: 0 } as const;
      store.step({ ...put, instance: what, sequence });
    }
  };

  it('are listed with what was announced last, in whatever order their requests arrive', () => {
    const sequence = new Sequence();
    const [first, second] = [0, 1].map(() => {
      return new AnnouncerCore({ registry: 'r', service: 'a', sequence });
    }) as [AnnouncerCore, AnnouncerCore];
    const listed: AnnounceAnswer = { result: 'listed', leaseMs: 6000 };
    const say = (core: AnnouncerCore, state: InstanceState) =>
      core.step({ type: 'announce', nowMs: 0, instance: instance(state) });
    const hear = (core: AnnouncerCore, attempt: number) =>
      core.step({ type: 'answered', attempt, nowMs: 0, random: 0, answer: listed });
    const renew = (core: AnnouncerCore) => core.step({ type: 'woken', nowMs: 2000, random: 0 });

    const store = new LeasesCore({ epoch: 'e', nowMs: 0 });
    toStore(store, [...say(first, 'ready'), ...say(second, 'ready')]);
    hear(first, 1);
    hear(second, 1);
    // The first has renewed often and its numbers are far ahead of what the second alone would count.
    const late = renew(first);
    toStore(store, late);
    hear(first, 2);
    // Only the second is quick to say that the instance drains; what the first said before comes after it.
    const delayed = say(first, 'draining');
    toStore(store, say(second, 'draining'));
    expect(store.list()[0]?.instance.state).toBe('draining');
    toStore(store, late);
    toStore(store, delayed);
    expect(store.list()[0]?.instance.state).toBe('draining');
  });

  it('renew one lease, each by itself when the other is cut off', () => {
    const sequence = new Sequence();
    const [first, second] = [new Session(sequence), new Session(sequence)];
    expect(first.announce()).toEqual(['put ready #1']);
    expect(second.announce()).toEqual(['put ready #2']);
    first.listed();
    second.listed();
    expect(first.pass(2000)).toEqual(['2000 put ready #3']);
    first.listed();
    expect(first.pass(2000)).toEqual(['4000 put ready #4']);
    expect(second.pass(2000)).toEqual(['2000 put ready #5']);
  });
});
