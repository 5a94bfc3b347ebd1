import { describe, expect, it } from 'vitest';
import type { DiscoveryView, Instance } from '../../calls/index.ts';
import type { Change, WatchFrame } from '../watch-frame.ts';
import { ViewCore } from './view.ts';
import type { ViewEffect, ViewEvent } from './view-events.ts';

const instance = (id: string, incarnation = 'i1', extra: Partial<Instance> = {}): Instance => ({
  id,
  incarnation,
  host: '127.0.0.1',
  port: 8080,
  state: 'ready',
  weight: 1,
  ...extra,
});

function shown(view: DiscoveryView): string {
  if (view.status === 'asking') return 'asking';
  if (view.status === 'unreachable') return `unreachable: ${view.why}`;
  const names = view.instances.map(({ id, incarnation }) =>
    incarnation === 'i1' ? id : `${id}!${incarnation}`,
  );
  return `[${names.join(' ')}]`;
}

function line(effect: ViewEffect): string {
  switch (effect.type) {
    case 'connect': {
      const from = effect.from === undefined ? '' : ` from ${effect.from.epoch}-${effect.from.revision}`;
      return `connect ${effect.registry}${from}`;
    }
    case 'disconnect':
      return 'disconnect';
    case 'wake':
      return `wake ${effect.atMs ?? 'never'}`;
    case 'publish':
      return shown(effect.view);
    case 'report':
      return `report ${effect.report.type} ${effect.report.registry}`;
  }
}

class Session {
  readonly core: ViewCore;
  nowMs = 0;
  wakeMs: number | undefined;
  attempt = 0;

  constructor(...registries: string[]) {
    this.core = new ViewCore({ service: 'a', registries: registries.length === 0 ? ['r1'] : registries });
  }

  start = () => this.#step({ type: 'start', nowMs: this.nowMs });
  opened = () => this.#step({ type: 'opened', attempt: this.attempt, nowMs: this.nowMs });
  failed = (why = 'refused') =>
    this.#step({ type: 'failed', attempt: this.attempt, nowMs: this.nowMs, random: 1, why });

  snapshot(at: string, instances: readonly Instance[], warming = false): string[] {
    const registered = instances.map((one) => ({ service: 'a', instance: one }));
    return this.#frame({ type: 'snapshot', position: position(at), warming, instances: registered });
  }

  put = (at: string, one: Instance) => this.#change(at, { kind: 'put', service: 'a', instance: one });
  remove = (at: string, id: string, why: 'withdrawn' | 'expired', incarnation = 'i1') =>
    this.#change(at, { kind: 'remove', service: 'a', id, incarnation, why });
  settled = (at: string) => this.#frame({ type: 'settled', position: position(at) });
  alive = (at: string) => this.#frame({ type: 'alive', position: position(at) });

  /** Keep-alives, two seconds apart. */
  beats(count: number, at: string): string[] {
    const lines: string[] = [];
    for (let beat = 0; beat < count; beat++) {
      lines.push(...this.pass(2000));
      lines.push(...this.alive(at));
    }
    return lines;
  }

  /** Lets time pass and wakes the core whenever it asked for it. Each line is preceded by its time. */
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

  #change(at: string, change: DistributiveOmit<Change, 'revision'>): string[] {
    const { revision } = position(at);
    return this.#frame({ type: 'change', position: position(at), change: { ...change, revision } });
  }

  #frame(frame: WatchFrame): string[] {
    return this.#step({ type: 'frame', attempt: this.attempt, nowMs: this.nowMs, frame });
  }

  #step(event: ViewEvent): string[] {
    const effects = this.core.step(event);
    for (const effect of effects) {
      if (effect.type === 'wake') this.wakeMs = effect.atMs;
      if (effect.type === 'connect') this.attempt = effect.attempt;
    }
    return effects.filter((effect) => effect.type !== 'wake').map(line);
  }
}

type DistributiveOmit<T, K extends keyof T> = T extends unknown ? Omit<T, K> : never;

function position(at: string): { epoch: string; revision: number } {
  const [epoch = '', revision = ''] = at.split('-');
  return { epoch, revision: Number(revision) };
}

/** A session that knows a-1 and a-2 at e-5 and whose first minutes are over. */
function knowing(...registries: string[]): Session {
  const session = new Session(...registries);
  session.start();
  session.opened();
  session.snapshot('e-5', [instance('a-1'), instance('a-2')]);
  return session;
}

describe('a view', () => {
  it('asks, knows, and follows the changes', () => {
    const view = new Session();
    expect(shown(view.core.view)).toBe('asking');
    expect(view.start()).toEqual(['connect r1']);
    expect(view.opened()).toEqual([]);
    expect(view.snapshot('e-5', [instance('a-1')])).toEqual(['report watch-opened r1', '[a-1]']);
    expect(view.put('e-6', instance('a-2'))).toEqual(['[a-1 a-2]']);
    expect(view.put('e-8', instance('a-2', 'i2'))).toEqual(['[a-1 a-2!i2]']);
    view.beats(5, 'e-8');
    expect(view.remove('e-9', 'a-1', 'expired')).toEqual(['[a-2!i2]']);
    expect(view.remove('e-10', 'a-2', 'withdrawn', 'i2')).toEqual(['[]']);
  });

  it('publishes nothing when nothing changed, and ignores what it has seen', () => {
    const view = knowing();
    expect(view.put('e-6', instance('a-1'))).toEqual([]);
    expect(view.remove('e-5', 'a-1', 'expired')).toEqual([]);
    expect(view.remove('e-7', 'a-1', 'withdrawn', 'i0')).toEqual([]);
    expect(view.alive('e-9')).toEqual([]);
    expect(view.remove('e-8', 'a-1', 'withdrawn')).toEqual([]);
  });

  it('knows an empty list at once', () => {
    const view = new Session();
    view.start();
    expect(view.snapshot('e-0', [], true)).toEqual(['report watch-opened r1', '[]']);
  });

  it('says unreachable when every registry refused', () => {
    const view = new Session('r1', 'r2');
    view.start();
    expect(view.failed()).toEqual(['report watch-lost r1', 'connect r2']);
    expect(view.failed()).toEqual(['unreachable: No registry can be reached at r1, r2: refused.']);
    expect(view.pass(100)).toEqual(['100 connect r1']);
    expect(view.snapshot('e-1', [instance('a-1')])).toEqual(['report watch-opened r1', '[a-1]']);
  });

  it('says unreachable after a second when nobody answers', () => {
    const view = new Session('r1', 'r2', 'r3');
    view.start();
    expect(view.pass(1000)).toEqual([
      '1000 disconnect',
      '1000 report watch-lost r1',
      '1000 connect r2',
      '1000 unreachable: No registry can be reached at r1, r2, r3: it did not answer in time.',
    ]);
  });

  it('backs off, doubling to two seconds, and starts over after a stream that stood', () => {
    const view = knowing();
    view.pass(3000);
    view.failed();
    const waits: number[] = [];
    for (let round = 0; round < 7; round++) {
      const beforeMs = view.nowMs;
      view.pass((view.wakeMs ?? 0) - view.nowMs);
      waits.push(view.nowMs - beforeMs);
      view.failed();
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 2000, 2000]);
    view.pass(2000);
    view.opened();
    view.pass(2000);
    view.failed();
    expect((view.wakeMs ?? 0) - view.nowMs).toBe(100);
  });

  it('notices a stream that fell silent', () => {
    const view = knowing();
    expect(view.pass(6000)).toEqual([]);
    view.alive('e-5');
    expect(view.pass(6999)).toEqual([]);
    expect(view.pass(1)).toEqual(['13000 disconnect', '13000 report watch-lost r1']);
    expect(view.pass(100)).toEqual(['13100 connect r1 from e-5']);
  });

  it('stops for good', () => {
    const view = knowing();
    expect(view.core.step({ type: 'stop' }).map(line)).toEqual(['disconnect', 'wake never']);
    expect(view.put('e-6', instance('a-3'))).toEqual([]);
  });
});

describe('the last known good list', () => {
  it('outlives the registry', () => {
    const view = knowing();
    expect(view.failed()).toEqual(['report watch-lost r1']);
    for (let attempt = 0; attempt < 20; attempt++) {
      view.pass(2000);
      view.failed();
    }
    expect(shown(view.core.view)).toBe('[a-1 a-2]');
  });

  it('resumes where it was, and keeps what expired meanwhile until there was time to come back', () => {
    const view = knowing();
    view.failed();
    expect(view.pass(100)).toEqual(['100 connect r1 from e-5']);
    view.opened();
    expect(view.remove('e-6', 'a-1', 'expired')).toEqual(['report watch-opened r1']);
    expect(view.remove('e-7', 'a-2', 'expired')).toEqual([]);
    expect(view.settled('e-7')).toEqual([]);
    expect(view.core.unconfirmed).toBe(2);
    expect(view.beats(3, 'e-7')).toEqual([]);
    expect(view.put('e-8', instance('a-1'))).toEqual([]);
    expect(view.beats(1, 'e-8')).toEqual([]);
    expect(view.beats(1, 'e-8')).toEqual(['[a-1]']);
    expect(view.remove('e-9', 'a-1', 'expired')).toEqual(['[]']);
  });

  it('drops what was withdrawn by name at any time', () => {
    const view = knowing();
    view.failed();
    view.pass(100);
    view.opened();
    expect(view.remove('e-6', 'a-1', 'withdrawn')).toEqual(['report watch-opened r1', '[a-2]']);
    view.remove('e-7', 'a-2', 'expired');
    expect(view.put('e-8', instance('a-2'))).toEqual([]);
    expect(view.remove('e-9', 'a-2', 'withdrawn')).toEqual(['[]']);
  });

  it('only adds while a restarted registry warms, and drops what it then does not confirm', () => {
    const view = knowing();
    view.failed();
    view.pass(100);
    view.opened();
    expect(view.snapshot('f-0', [], true)).toEqual(['report watch-opened r1']);
    expect(view.put('f-1', instance('a-3'))).toEqual(['[a-1 a-2 a-3]']);
    expect(view.put('f-2', instance('a-2'))).toEqual([]);
    expect(view.beats(8, 'f-2')).toEqual([]);
    expect(view.settled('f-2')).toEqual(['[a-2 a-3]']);
  });

  it('does not take the word of a registry that has warmed while nobody reached it', () => {
    const view = knowing();
    view.failed();
    view.pass(100);
    view.opened();
    view.snapshot('f-0', []);
    expect(view.beats(1, 'f-0')).toEqual([]);
    expect(view.put('f-1', instance('a-1'))).toEqual([]);
    expect(view.beats(4, 'f-1')).toEqual(['[a-1]']);
  });

  it('starts the wait for confirmation anew with each reconnect', () => {
    const view = knowing();
    view.failed();
    view.pass(100);
    view.snapshot('f-0', []);
    view.beats(4, 'f-0');
    view.failed();
    view.pass(100);
    view.snapshot('g-0', []);
    expect(view.beats(4, 'g-0')).toEqual([]);
    expect(view.beats(1, 'g-0')).toEqual(['[]']);
  });

  it('does not go back to an earlier incarnation on the word of a registry that lacks the later one', () => {
    const early = '0mb2zzzzy-ffffffff';
    const late = '0mb2zzzzz-00000002';
    const view = new Session();
    view.start();
    view.snapshot('e-1', [instance('a-1', late)]);
    view.failed();
    view.pass(100);
    view.opened();
    expect(view.snapshot('f-1', [instance('a-1', early)])).toEqual(['report watch-opened r1']);
    expect(view.beats(5, 'f-1')).toEqual([`[a-1!${early}]`]);
    expect(view.put('f-2', instance('a-1', late))).toEqual([`[a-1!${late}]`]);
  });

  it('turns to the next registry at once, which may not have heard of anybody yet', () => {
    const view = knowing('r1', 'r2');
    expect(view.failed()).toEqual(['report watch-lost r1', 'connect r2 from e-5']);
    view.opened();
    expect(view.snapshot('x-9', [instance('a-2')])).toEqual(['report watch-opened r2']);
    expect(view.beats(5, 'x-9')).toEqual(['[a-2]']);
  });

  it('starts afresh, list and all, when a stream does not continue where it was left', () => {
    const view = knowing();
    expect(view.put('f-9', instance('a-3'))).toEqual(['disconnect', 'report watch-lost r1']);
    expect(view.pass(100)).toEqual(['75 connect r1']);
    expect(shown(view.core.view)).toBe('[a-1 a-2]');
  });
});
