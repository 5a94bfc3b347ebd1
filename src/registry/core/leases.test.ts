import { describe, expect, it } from 'vitest';
import type { Instance } from '../../calls/index.ts';
import { must } from '../../std/index.ts';
import { limits } from '../limits.ts';
import { frameLine, instance } from '../testing/lines.ts';
import { encodeFrame } from '../wire.ts';
import { LeasesCore } from './leases.ts';
import type { LeasesEffect, LeasesEvent } from './leases-events.ts';

/** An effect in one line, as the transcripts below show it. */
function line(effect: LeasesEffect): string {
  switch (effect.type) {
    case 'put-done': {
      const { outcome } = effect;
      if (outcome.result === 'listed') return `listed at ${outcome.revision} for ${outcome.leaseMs}`;
      if (outcome.result === 'full') return `full: ${outcome.bound}`;
      return `fenced by ${outcome.by?.incarnation ?? 'its removal'}`;
    }
    case 'remove-done':
      return `${effect.outcome.removed ? 'removed' : 'not removed'} at ${effect.outcome.revision}`;
    case 'send':
      return `to ${effect.watcher}: ${frameLine(effect.frame)}`;
    case 'broadcast':
      return `to all: ${frameLine(effect.frame)}`;
    case 'report':
      return `report ${effect.report.type}`;
  }
}

class Session {
  readonly core: LeasesCore;
  nowMs = 0;

  constructor(options: { readonly warmingMs?: number; readonly historyMax?: number } = {}) {
    this.core = new LeasesCore({ epoch: 'e', nowMs: 0, warmingMs: 0, ...options });
    this.pass(limits.tickMs);
  }

  put(id: string, incarnation: string, extra: Partial<Instance> = {}, sequence?: number): string[] {
    return this.#step({
      type: 'put',
      request: 1,
      nowMs: this.nowMs,
      service: 'a',
      instance: instance(id, incarnation, extra),
      leaseMs: 6000,
      sequence,
    });
  }

  remove(id: string, incarnation: string): string[] {
    return this.#step({ type: 'remove', request: 1, nowMs: this.nowMs, service: 'a', id, incarnation });
  }

  watch(service?: string, revision?: number, epoch = 'e'): string[] {
    const from = revision === undefined ? undefined : { epoch, revision };
    return this.#step({ type: 'watch', watcher: 7, nowMs: this.nowMs, service, from });
  }

  /** Lets time pass in ticks; the lines of keep-alives are left out. */
  pass(ms: number): string[] {
    const lines: string[] = [];
    for (const untilMs = this.nowMs + ms; this.nowMs < untilMs; ) {
      this.nowMs += limits.tickMs;
      lines.push(...this.#step({ type: 'tick', nowMs: this.nowMs }));
    }
    return lines.filter((text) => !text.endsWith(' alive'));
  }

  /** Nothing at all runs for a while: no tick, no request. */
  freeze(ms: number): void {
    this.nowMs += ms;
  }

  #step(event: LeasesEvent): string[] {
    return this.core.step(event).map(line);
  }
}

function snapshotOf(core: LeasesCore): Extract<LeasesEffect, { type: 'send' }>['frame'] {
  const [effect] = core.step({ type: 'watch', watcher: 1, nowMs: limits.tickMs });
  return must(effect?.type === 'send' ? effect.frame : undefined, 'snapshot');
}

/** How much less than its bound a registry lists. */
function roomBytes(core: LeasesCore): number {
  return limits.listBytesMax - Buffer.byteLength(encodeFrame(snapshotOf(core)));
}

describe('leases', () => {
  it('lists what is put, renews without a revision, and drops what falls silent', () => {
    const registry = new Session();
    expect(registry.put('a-1', 'i1')).toEqual(['to all: e-1 put a/a-1 i1 ready', 'listed at 1 for 6000']);
    expect(registry.pass(4000)).toEqual([]);
    expect(registry.put('a-1', 'i1')).toEqual(['listed at 1 for 6000']);
    expect(registry.pass(5750)).toEqual([]);
    expect(registry.pass(250)).toEqual(['to all: e-2 remove a/a-1 i1 expired']);
    expect(registry.core.list()).toEqual([]);
  });

  // Control characters take six bytes each as JSON, and one or none in other counts.
  it.each(['x', '\u0001', '\u{1f512}'])('lists no more than a client can read, of %j', (character) => {
    const registry = new Session();
    const bytes = Buffer.byteLength(JSON.stringify(character)) - 2;
    const metadata = { a: character.repeat(11_000 / bytes) };
    let count = 0;
    while (registry.put(`a-${count}`, 'i1', { metadata }).length === 2) count += 1;
    const { revision } = registry.core.position;
    expect(count).toBeGreaterThan(500);
    expect(registry.put('one-more', 'i1', { metadata })).toEqual(['full: listBytesMax']);
    expect(registry.put('a-0', 'i2', { metadata, zone: 'z'.repeat(64 * 1024) })).toEqual([
      'full: instanceBytesMax',
    ]);
    expect(registry.core.position.revision).toBe(revision);
    const frame = snapshotOf(registry.core);
    expect(encodeFrame(frame).length).toBeLessThan(limits.sseLineCharsMax);
    expect(Buffer.byteLength(encodeFrame(frame))).toBeLessThan(limits.listBytesMax + 1000);
  });

  it('that are full renew, drain and shrink, and have room for another when one is gone', () => {
    const registry = new Session();
    const metadata = { a: 'x'.repeat(11_000) };
    let count = 0;
    while (registry.put(`a-${count}`, 'i1', { metadata }).length === 2) count += 1;
    // One that drains is three characters longer: together they would have no room now.
    const rest = { a: 'x'.repeat(roomBytes(registry.core) - 3 * count - 200) };
    expect(registry.put('rest', 'i1', { metadata: rest })).toHaveLength(2);
    expect(registry.put('small', 'i1')).toHaveLength(2);
    expect(registry.put('another', 'i1')).toEqual(['full: listBytesMax']);
    const { revision } = registry.core.position;
    expect(registry.put('a-1', 'i1', { metadata })).toEqual([`listed at ${revision} for 6000`]);
    for (let index = 0; index < count; index++) {
      const [said] = registry.put(`a-${index}`, 'i1', { metadata, state: 'draining' });
      expect(said).toBe(`to all: e-${revision + 1 + index} put a/a-${index} i1 draining`);
    }
    expect(registry.put('one-more', 'i1', { metadata })).toEqual(['full: listBytesMax']);
    registry.remove('a-1', 'i1');
    expect(registry.put('more', 'i1', { metadata })).toHaveLength(2);
    expect(registry.put('one-more', 'i1', { metadata })).toEqual(['full: listBytesMax']);
    registry.put('a-2', 'i1');
    expect(registry.put('one-more', 'i1', { metadata: { a: 'x'.repeat(10_000) } })).toHaveLength(2);
  });
});

describe('watching', () => {
  it('says that it warms, and when it has', () => {
    const registry = new Session({ warmingMs: 6000 });
    registry.put('a-1', 'i1');
    expect(registry.watch('a')).toEqual(['to 7: e-1 snapshot warming [a/a-1]']);
    expect(registry.watch('a', 1)).toEqual(['to 7: e-1 alive']);
    registry.pass(3000);
    registry.put('a-1', 'i1');
    expect(registry.pass(3000)).toEqual(['to all: e-1 settled']);
    expect(registry.watch('a')).toEqual(['to 7: e-1 snapshot [a/a-1]']);
  });

  it('says a word at least every keep-alive interval', () => {
    const core = new LeasesCore({ epoch: 'e', nowMs: 0, warmingMs: 0 });
    const said: number[] = [];
    for (let nowMs = 0; nowMs <= 10_000; nowMs += limits.tickMs) {
      if (core.step({ type: 'tick', nowMs }).some((effect) => line(effect).endsWith('alive')))
        said.push(nowMs);
    }
    expect(said).toEqual([2000, 4000, 6000, 8000, 10_000]);
  });
});

describe('trouble of its own', () => {
  it('does not hold against anybody the time in which it did not run', () => {
    const registry = new Session();
    registry.put('a-1', 'i1');
    registry.pass(2000);
    registry.freeze(60_000);
    expect(registry.pass(250)).toEqual(['report stalled']);
    expect(registry.pass(3750)).toEqual([]);
    expect(registry.pass(250)).toEqual(['to all: e-2 remove a/a-1 i1 expired']);
  });

  it('holds back the expiry of most leases at once, for a limited time', () => {
    const registry = new Session();
    for (const id of ['a-1', 'a-2', 'a-3', 'a-4', 'a-5', 'a-6']) registry.put(id, 'i1');
    registry.pass(2000);
    registry.put('a-6', 'i1');
    expect(registry.pass(4000)).toEqual(['report expiry-held']);
    registry.put('a-6', 'i1');
    expect(registry.pass(4000)).toEqual([]);
    for (let passedMs = 4000; passedMs < limits.massExpiryHoldMs - 2000; passedMs += 2000) {
      registry.put('a-6', 'i1');
      expect(registry.pass(2000)).toEqual([]);
    }
    registry.put('a-6', 'i1');
    const lines = registry.pass(2000);
    expect(lines[0]).toBe('report expiry-released');
    expect(lines.length).toBe(6);
    expect(registry.core.list().map((one) => one.instance.id)).toEqual(['a-6']);
  });

  it('holds back leases that run out one after the other, as they were renewed', () => {
    const registry = new Session();
    for (let number = 1; number <= 8; number++) {
      registry.put(`a-${number}`, 'i1');
      registry.pass(250);
    }
    expect(registry.pass(6000)).toEqual(['report expiry-held']);
    expect(registry.core.list()).toHaveLength(8);
  });

  it('drops a few of many as they run out, though others have just missed a renewal', () => {
    const registry = new Session();
    for (let number = 1; number <= 10; number++) registry.put(`a-${number}`, 'i1');
    registry.pass(3000);
    for (let number = 6; number <= 10; number++) registry.put(`a-${number}`, 'i1');
    const lines = registry.pass(3000);
    expect(lines).toHaveLength(5);
    expect(lines.every((line) => line.endsWith('expired'))).toBe(true);
  });

  it('after a mass expiry gives stragglers a moment once most are back', () => {
    const registry = new Session();
    const ids = ['a-1', 'a-2', 'a-3', 'a-4'];
    for (const id of ids) registry.put(id, 'i1');
    expect(registry.pass(8000)).toEqual(['report expiry-held']);
    registry.put('a-1', 'i1');
    registry.put('a-2', 'i1');
    expect(registry.pass(2000)).toEqual([]);
    registry.put('a-1', 'i1');
    registry.put('a-2', 'i1');
    registry.put('a-3', 'i1');
    expect(registry.pass(2250)).toEqual(['report expiry-released', 'to all: e-5 remove a/a-4 i1 expired']);
  });
});
