import { describe, expect, it } from 'vitest';
import { actions } from '../wire.ts';
import { duration, exitText, problemText, refusal, reportText } from './describe.ts';
import type { Exit, ProcessState, SupervisorReport, SupervisorView } from './supervisor.ts';

const crash: Exit = { pid: 7, code: 1, signal: null, asked: false };

const view = (state: ProcessState, more: Partial<SupervisorView> = {}): SupervisorView => ({
  state,
  sinceMs: 0,
  pid: state === 'stopped' || state === 'backing-off' ? undefined : 7,
  known: state === 'ready',
  restarts: 0,
  failures: 0,
  lastExit: undefined,
  ...more,
});

describe('the sentences about processes', () => {
  it.each<[Exit, string]>([
    [crash, 'exited with code 1'],
    [{ ...crash, code: null, signal: 'SIGKILL' }, 'killed by SIGKILL'],
    [{ ...crash, code: null }, 'could not be started'],
  ])('an end: %j', (exit, expected) => {
    expect(exitText(exit)).toBe(expected);
  });

  it.each<[SupervisorView, string | undefined, string | undefined]>([
    [view('ready'), 'Error: boom', undefined],
    [
      view('backing-off', { lastExit: crash, failures: 1 }),
      'Error: boom',
      'exited with code 1: Error: boom',
    ],
    [view('starting', { lastExit: crash, failures: 3 }), undefined, 'exited with code 1, 3 times'],
    [view('ready', { lastExit: crash, failures: 1 }), 'Error: boom', undefined],
    [view('starting', { lastExit: { ...crash, asked: true } }), 'Error: boom', undefined],
  ])('a problem: %j', (given, reason, expected) => {
    expect(problemText(given, reason)).toBe(expected);
  });

  it.each<[SupervisorReport, string]>([
    [{ kind: 'ready', pid: 7, restarts: 0, tookMs: 210 }, 'a-1 is ready (pid 7), 0.2 s after its start.'],
    [
      { kind: 'ready', pid: 7, restarts: 2, tookMs: 40 },
      'a-1 is ready again (pid 7), 40 ms after its start.',
    ],
    [{ kind: 'stopped', exit: { ...crash, code: 0 } }, 'a-1 has stopped.'],
    [{ kind: 'stopped', exit: crash }, 'a-1 has stopped (exited with code 1).'],
    [
      { kind: 'ended', exit: crash, againInMs: 50 },
      'a-1 exited with code 1: Error: boom. It starts again in 50 ms.',
    ],
    [
      { kind: 'ended', exit: { ...crash, code: null, signal: 'SIGKILL' }, againInMs: 50 },
      'a-1 was killed by SIGKILL. It starts again in 50 ms.',
    ],
    [{ kind: 'ended', exit: { ...crash, asked: true }, againInMs: 0 }, 'a-1 has stopped and starts again.'],
    [{ kind: 'drain-timeout', afterMs: 12_000 }, 'a-1 did not stop within 12 s: it is killed.'],
  ])('a report: %j', (report, expected) => {
    expect(reportText('a-1', report, 'Error: boom')).toBe(expected);
  });

  it('says for each action and state whether it can be done', () => {
    const states: ProcessState[] = ['starting', 'ready', 'draining', 'stopped', 'paused', 'backing-off'];
    const table = actions.map((action) => {
      const cells = states.map((state) => {
        const refused = refusal('a-1', action, view(state));
        return refused === undefined ? 'do' : refused.ok ? 'already' : 'no';
      });
      return `${action.padEnd(7)} ${cells.join(' ')}`;
    });
    expect(table).toEqual([
      //       starting ready draining stopped paused backing-off
      'stop    do do do already do do',
      'start   already already do do no do',
      'restart do do do do do do',
      'kill    do do do no do no',
      'pause   do do no no already no',
      'resume  no no no no do no',
    ]);
  });

  it.each([
    [0, '0 ms'],
    [99.4, '99 ms'],
    [100, '0.1 s'],
    [12_000, '12 s'],
    [15_260, '15.3 s'],
  ])('%d ms is %s', (ms, expected) => {
    expect(duration(ms)).toBe(expected);
  });
});
