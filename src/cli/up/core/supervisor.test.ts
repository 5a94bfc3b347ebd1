import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { assert } from '../../../std/index.ts';
import { Supervisor, type SupervisorEffect, type SupervisorEvent } from './supervisor.ts';

/** One line a step: `<ms> <event> -> <effects> [<state>]`. */
function transcript(lines: string): void {
  const supervisor = new Supervisor();
  const expected: string[] = [];
  const got: string[] = [];
  for (const line of lines.trim().split('\n')) {
    const [, at, text] = /^\s*(\d+) (.+?) ->/.exec(line) ?? [];
    assert(at !== undefined && text !== undefined, `a transcript line: ${line}`);
    const effects = supervisor.step(eventOf(Number(at), text));
    const shown = effects.map(effectText).join(', ');
    expected.push(line.trim());
    got.push(`${at} ${text} -> ${shown === '' ? '' : `${shown} `}[${supervisor.view().state}]`);
  }
  expect(got).toEqual(expected);
}

function eventOf(atMs: number, text: string): SupervisorEvent {
  const [kind, ...rest] = text.split(' ');
  if (kind === 'spawned') return { kind, atMs, pid: Number(rest[0]) };
  if (kind === 'said') return { kind, atMs, state: rest[0] as 'ready', incarnation: rest[1] };
  if (kind === 'exited') {
    const code = Number(rest[0]);
    return Number.isNaN(code)
      ? { kind, atMs, code: null, signal: String(rest[0]) }
      : { kind, atMs, code, signal: null };
  }
  return { kind, atMs } as SupervisorEvent;
}

function effectText(effect: SupervisorEffect): string {
  switch (effect.kind) {
    case 'signal':
      return effect.signal;
    case 'set-timer':
      return `timer ${effect.delayMs}`;
    case 'cancel-timer':
      return 'no timer';
    case 'deregister':
      return `deregister ${effect.incarnation}`;
    case 'report':
      return `"${effect.report.kind}"`;
    default:
      return effect.kind;
  }
}

describe('the supervisor of one process', () => {
  it('starts it, and leaves it stopped when asked to', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      90 said ready i1 -> "ready" [ready]
      100 start -> [ready]
      200 stop -> SIGTERM, timer 12000 [draining]
      201 said draining i1 -> [draining]
      202 stop -> [draining]
      250 exited 0 -> no timer, deregister i1, "stopped" [stopped]
      251 stop -> no timer [stopped]
      300 start -> no timer, spawn [starting]
    `);
  });

  it('starts it again with a pause that doubles up to a second', () => {
    const lines = ['0 start -> no timer, spawn [starting]'];
    for (const pauseMs of [50, 100, 200, 400, 800, 1000, 1000]) {
      lines.push('10 spawned 7 -> [starting]');
      lines.push(`20 exited 1 -> "ended", timer ${pauseMs} [backing-off]`);
      lines.push('30 timer -> spawn [starting]');
    }
    transcript(lines.join('\n'));
  });

  it('forgets earlier crashes after five steady seconds', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 exited 1 -> "ended", timer 50 [backing-off]
      52 timer -> spawn [starting]
      53 spawned 8 -> [starting]
      100 exited 1 -> "ended", timer 100 [backing-off]
      200 timer -> spawn [starting]
      201 spawned 9 -> [starting]
      5200 exited SIGSEGV -> "ended", timer 50 [backing-off]
    `);
  });

  it('starts it again after a kill, without counting it as a crash', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      90 said ready i1 -> "ready" [ready]
      100 kill -> SIGKILL [ready]
      101 exited SIGKILL -> deregister i1, "ended", timer 50 [backing-off]
      110 kill -> [backing-off]
      151 timer -> spawn [starting]
      152 spawned 8 -> [starting]
      200 kill -> SIGKILL [starting]
      201 exited SIGKILL -> "ended", timer 50 [backing-off]
    `);
  });

  it('pauses and resumes', () => {
    transcript(`
      0 pause -> [stopped]
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 resume -> [starting]
      3 pause -> SIGSTOP [paused]
      4 pause -> [paused]
      5 said ready i1 -> "ready" [paused]
      6 resume -> SIGCONT [ready]
      7 pause -> SIGSTOP [paused]
      8 exited SIGKILL -> deregister i1, "ended", timer 50 [backing-off]
    `);
  });

  it('lets a paused one go on so that it can drain', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 pause -> SIGSTOP [paused]
      3 stop -> SIGCONT, SIGTERM, timer 12000 [draining]
      4 pause -> [draining]
      5 exited 0 -> no timer, "stopped" [stopped]
    `);
  });

  it('kills what does not drain in time', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 stop -> SIGTERM, timer 12000 [draining]
      12002 timer -> "drain-timeout", SIGKILL [draining]
      12003 exited SIGKILL -> no timer, "stopped" [stopped]
    `);
  });

  it('restarts at once after the drain', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 restart -> SIGTERM, timer 12000 [draining]
      9 exited 0 -> no timer, "ended", spawn [starting]
      10 spawned 8 -> [starting]
      11 stop -> SIGTERM, timer 12000 [draining]
      12 restart -> [draining]
      13 exited 0 -> no timer, "ended", spawn [starting]
    `);
  });

  it('starts at once instead of waiting for the backoff', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 exited 1 -> "ended", timer 50 [backing-off]
      3 restart -> no timer, spawn [starting]
      4 spawned 8 -> [starting]
      5 exited 1 -> "ended", timer 50 [backing-off]
      6 stop -> no timer [stopped]
      7 timer -> [stopped]
    `);
  });

  it('gives one that drains by itself the same time, signals it no second time, and starts it again', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 said ready i1 -> "ready" [ready]
      3 said draining i1 -> timer 12000 [draining]
      4 exited 0 -> no timer, deregister i1, "ended", timer 50 [backing-off]
      54 timer -> spawn [starting]
      55 spawned 8 -> [starting]
      56 said draining i2 -> timer 12000 [draining]
      57 stop -> [draining]
      58 exited 0 -> no timer, deregister i2, "stopped" [stopped]
    `);
  });

  it('ends at once and for good', () => {
    transcript(`
      0 start -> no timer, spawn [starting]
      1 spawned 7 -> [starting]
      2 end -> SIGKILL [starting]
      3 exited SIGKILL -> "stopped" [stopped]
      4 start -> no timer, spawn [starting]
      5 spawn-failed -> "ended", timer 50 [backing-off]
      6 end -> no timer [stopped]
    `);
  });

  it('knows whether callers can find it: ready, and listed if it ever will be', () => {
    const supervisor = new Supervisor();
    const knownAfter = (event: SupervisorEvent): boolean => {
      supervisor.step(event);
      return supervisor.view().known;
    };
    expect(knownAfter({ kind: 'start', atMs: 0 })).toBe(false);
    expect(knownAfter({ kind: 'spawned', atMs: 1, pid: 7 })).toBe(false);
    expect(knownAfter({ kind: 'said', atMs: 2, state: 'ready', listed: false })).toBe(false);
    expect(supervisor.step({ kind: 'said', atMs: 3, state: 'ready', listed: true })).toEqual([]);
    expect(supervisor.view().known).toBe(true);
    expect(knownAfter({ kind: 'restart', atMs: 4 })).toBe(false);
    expect(knownAfter({ kind: 'exited', atMs: 5, code: 0, signal: null })).toBe(false);
    expect(knownAfter({ kind: 'spawned', atMs: 6, pid: 8 })).toBe(false);
    expect(knownAfter({ kind: 'said', atMs: 7, state: 'ready' })).toBe(true);
  });

  it('tells how often it was started again and when its state began', () => {
    const supervisor = new Supervisor();
    supervisor.step({ kind: 'start', atMs: 5 });
    supervisor.step({ kind: 'spawned', atMs: 6, pid: 7 });
    supervisor.step({ kind: 'said', atMs: 9, state: 'starting' });
    expect(supervisor.view()).toMatchObject({
      state: 'starting',
      sinceMs: 5,
      pid: 7,
      restarts: 0,
      failures: 0,
    });
    supervisor.step({ kind: 'exited', atMs: 20, code: 3, signal: null });
    expect(supervisor.view()).toMatchObject({
      state: 'backing-off',
      sinceMs: 20,
      pid: undefined,
      failures: 1,
      lastExit: { pid: 7, code: 3, signal: null, asked: false },
    });
    supervisor.step({ kind: 'timer', atMs: 70 });
    expect(supervisor.view()).toMatchObject({ state: 'starting', sinceMs: 70, restarts: 1 });
  });

  it('keeps its invariants under any order of events', () => {
    const commands = ['start', 'stop', 'restart', 'kill', 'pause', 'resume', 'end'] as const;
    const event = fc.oneof(
      fc.constantFrom(...commands, 'ready' as const, 'draining' as const),
      fc.constantFrom('exited' as const, 'timer' as const),
    );
    fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (kinds) => keepsInvariants(kinds)));
  });
});

/** Plays events as a driver could give them: an exit only of a life, a timer only once it is set. */
function keepsInvariants(kinds: readonly string[]): void {
  const supervisor = new Supervisor();
  let alive = false;
  let armed = false;
  const give = (event: SupervisorEvent): void => {
    const waiting: SupervisorEvent[] = [];
    for (const effect of supervisor.step(event)) {
      if (effect.kind === 'spawn') {
        expect(alive).toBe(false);
        alive = true;
        waiting.push({ kind: 'spawned', atMs: 0, pid: 7 });
      } else if (effect.kind === 'signal') expect(alive).toBe(true);
      else if (effect.kind === 'set-timer') armed = true;
      else if (effect.kind === 'cancel-timer') armed = false;
    }
    const { state } = supervisor.view();
    expect(alive).toBe(state !== 'stopped' && state !== 'backing-off');
    expect(armed).toBe(state === 'backing-off' || (state === 'draining' && armed));
    waiting.forEach(give);
  };
  for (const kind of kinds) {
    if (kind === 'exited') {
      if (!alive) continue;
      alive = false;
      give({ kind, atMs: 0, code: 1, signal: null });
    } else if (kind === 'timer') {
      if (!armed) continue;
      armed = false;
      give({ kind, atMs: 0 });
    } else if (kind === 'ready' || kind === 'draining') {
      if (alive) give({ kind: 'said', atMs: 0, state: kind });
    } else give({ kind, atMs: 0 } as SupervisorEvent);
  }
  // Whatever happened, it can be ended.
  give({ kind: 'end', atMs: 0 });
  if (alive) {
    alive = false;
    give({ kind: 'exited', atMs: 0, code: null, signal: 'SIGKILL' });
  }
  expect(supervisor.view().state).toBe('stopped');
}
