import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { frameLine, instance } from '../testing/lines.ts';
import type { Change, Position } from '../watch-frame.ts';
import { MirrorCore } from './mirror.ts';
import type { MirrorEffect, MirrorEvent, StoreWord } from './mirror-events.ts';

function line(effect: MirrorEffect): string {
  switch (effect.type) {
    case 'load':
      return 'load';
    case 'send':
      return `to ${effect.watcher}: ${frameLine(effect.frame)}`;
    case 'broadcast':
      return `to all: ${frameLine(effect.frame)}`;
    case 'end':
      return `end ${effect.watcher}: ${effect.why}`;
    case 'reached':
      return `reached ${effect.request}`;
  }
}

/** The change of revision n puts the instance n. */
const put = (revision: number): Change => ({
  kind: 'put',
  revision,
  service: 'a',
  instance: instance(String(revision), 'i'),
});
const upTo = (revision: number): Change[] => Array.from({ length: revision }, (_, n) => put(n + 1));

class Session {
  nowMs = 0;
  readonly core = new MirrorCore({ nowMs: 0 });

  word(revision: number, { epoch = 'e', warming = false, askedMs = this.nowMs } = {}): StoreWord {
    return { askedMs, position: { epoch, revision }, warming };
  }

  hear(revision: number, more = {}): string[] {
    return this.#step({ type: 'word', nowMs: this.nowMs, word: this.word(revision, more) });
  }

  load(
    revision: number,
    { kept = revision, ...more }: { kept?: number; epoch?: string; warming?: boolean } = {},
  ): string[] {
    const instances = upTo(revision).map((change) => ({
      service: 'a',
      instance: instance(String(change.revision), 'i'),
    }));
    const changes = upTo(revision).slice(revision - kept);
    const word = this.word(revision, more);
    return this.#step({ type: 'loaded', nowMs: this.nowMs, word, instances, changes });
  }

  changes(revisions: readonly number[], epoch = 'e'): string[] {
    const changes = revisions.map((revision) => ({ epoch, change: put(revision) }));
    return this.#step({ type: 'changes', nowMs: this.nowMs, changes });
  }

  watch(watcher: number, from?: Position): string[] {
    return this.#step({ type: 'watch', watcher, nowMs: this.nowMs, service: 'a', from });
  }

  fail(why = 'gone'): string[] {
    return this.#step({ type: 'failed', nowMs: this.nowMs, why });
  }

  await(request: number, word: StoreWord): string[] {
    return this.#step({ type: 'await', request, word });
  }

  #step(event: MirrorEvent): string[] {
    return this.core.step(event).map(line);
  }
}

function loaded(revision = 2): Session {
  const session = new Session();
  session.hear(revision);
  session.load(revision);
  return session;
}

describe('a mirror', () => {
  it('refuses watchers until it has read the list', () => {
    const session = new Session();
    expect(session.watch(1)).toEqual(['end 1: The registry has not reached Redis yet.']);
    expect(session.hear(2)).toEqual(['load']);
    expect(session.hear(2)).toEqual([]);
    expect(session.watch(1)).toEqual(['end 1: The registry is still reading its list from Redis.']);
    session.load(2);
    expect(session.watch(1)).toEqual(['to 1: e-2 snapshot [a/1 a/2]']);
    expect(session.watch(2, { epoch: 'e', revision: 1 })).toEqual([
      'to 2: e-2 put a/2 i ready',
      'to 2: e-2 settled',
    ]);
  });

  it('applies each change once and in order', () => {
    const session = loaded();
    session.watch(1);
    expect(session.changes([1, 2, 3])).toEqual(['to all: e-3 put a/3 i ready']);
    expect(session.changes([3, 4, 5])).toEqual([
      'to all: e-4 put a/4 i ready',
      'to all: e-5 put a/5 i ready',
    ]);
    expect(session.changes([7])).toEqual(['load']);
    expect(session.changes([3], 'other')).toEqual([]);
    expect(session.core.position).toEqual({ epoch: 'e', revision: 5 });
  });

  it('tells what it missed as changes while they are kept, else the whole list', () => {
    const session = loaded();
    session.watch(1);
    session.changes([5]);
    expect(session.load(5)).toEqual([3, 4, 5].map((n) => `to all: e-${n} put a/${n} i ready`));
    session.changes([9]);
    expect(session.load(9, { kept: 2 })).toEqual([
      'to 1: e-9 snapshot [a/1 a/2 a/3 a/4 a/5 a/6 a/7 a/8 a/9]',
    ]);
    expect(session.load(8)).toEqual([]);
    expect(session.changes([10])).toEqual(['to all: e-10 put a/10 i ready']);
  });

  it('begins again with the store', () => {
    const session = loaded();
    session.watch(1);
    expect(session.hear(0, { epoch: 'f', warming: true })).toEqual(['load']);
    expect(session.load(0, { epoch: 'f', warming: true })).toEqual(['to 1: f-0 snapshot warming []']);
    expect(session.changes([3])).toEqual(['load']);
    expect(session.changes([1], 'f')).toEqual(['to all: f-1 put a/1 i ready']);
    session.load(1, { epoch: 'f', warming: true });
    expect(session.hear(2, { epoch: 'f' })).toEqual([]);
    expect(session.changes([2], 'f')).toEqual(['to all: f-2 put a/2 i ready', 'to all: f-2 settled']);
  });

  it('says that it lives only at a position the store has confirmed', () => {
    const session = loaded();
    session.watch(1);
    session.nowMs = limits.keepAliveMs;
    expect(session.hear(3)).toEqual([]);
    expect(session.changes([3])).toEqual(['to all: e-3 put a/3 i ready', 'to all: e-3 alive']);
    session.nowMs += limits.keepAliveMs;
    expect(session.fail()).toEqual([]);
    expect(session.changes([4])).toEqual(['to all: e-4 put a/4 i ready']);
  });

  it('reads the whole list when it stays behind', () => {
    const session = loaded();
    session.hear(3);
    session.nowMs = limits.storeBehindMs;
    expect(session.hear(4)).toEqual([]);
    session.nowMs += 1;
    expect(session.hear(4)).toEqual(['load']);
  });

  it('asks the store before it calls a position unknown', () => {
    const session = loaded();
    session.nowMs = 10;
    expect(session.watch(1, { epoch: 'e', revision: 4 })).toEqual([]);
    expect(session.watch(2, { epoch: 'later', revision: 0 })).toEqual([]);
    expect(session.hear(2, { askedMs: 9 })).toEqual([]);
    expect(session.changes([3, 4])).toEqual(['to all: e-3 put a/3 i ready', 'to all: e-4 put a/4 i ready']);
    expect(session.hear(4, { askedMs: 10 })).toEqual([
      'to 1: e-4 settled',
      'to 2: e-4 snapshot [a/1 a/2 a/3 a/4]',
    ]);
  });

  it('ends its watchers when the store is away for long, and takes none', () => {
    const session = loaded();
    session.watch(1);
    session.nowMs = 100;
    session.watch(2, { epoch: 'e', revision: 9 });
    expect(session.fail()).toEqual([]);
    expect(session.watch(3)).toEqual(['to 3: e-2 snapshot [a/1 a/2]']);
    session.nowMs += limits.storeAwayMs;
    expect(session.fail('still gone')).toEqual([
      'end 1: still gone',
      'end 3: still gone',
      'end 2: still gone',
    ]);
    expect(session.fail()).toEqual([]);
    expect(session.watch(4)).toEqual(['end 4: gone']);
    expect(session.hear(2)).toEqual(['load', 'to all: e-2 alive']);
    expect(session.watch(5)).toEqual(['to 5: e-2 snapshot [a/1 a/2]']);
  });

  it('tells when it shows what the store said', () => {
    const session = loaded();
    expect(session.await(1, session.word(2))).toEqual(['reached 1']);
    expect(session.await(2, session.word(3))).toEqual([]);
    session.core.step({ type: 'await', request: 3, word: session.word(3) });
    session.core.step({ type: 'give-up', request: 3 });
    expect(session.changes([3])).toEqual(['to all: e-3 put a/3 i ready', 'reached 2']);
    // The store began again after it said so.
    session.await(4, session.word(9));
    session.nowMs = 5;
    session.hear(0, { epoch: 'f' });
    expect(session.load(0, { epoch: 'f' })).toEqual(['reached 4']);
  });
});
