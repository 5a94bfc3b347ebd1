import { expect, it } from 'vitest';
import type { Action, ProcessRow } from '../wire.ts';
import { forewarnings } from './forewarning.ts';
import type { ProcessState } from './supervisor.ts';

/** `echo-a-1 stopped`, `echo-b-1 ready 0` with a weight. */
function rowOf(text: string): ProcessRow {
  const [instance = '', state = 'ready', weight] = text.split(' ');
  return {
    service: instance.replace(/-\d+$/, ''),
    instance,
    pid: 7,
    port: 8080,
    zone: null,
    weight: weight === undefined ? null : Number(weight),
    state: state as ProcessState,
    restarts: 0,
    since: '2026-11-21T10:00:00.000Z',
    problem: null,
  };
}

const rows = ['registry', 'echo-a-1', 'echo-a-2', 'echo-b-1', 'gateway'];
const told = (
  action: Action,
  names: readonly string[],
  ...changes: readonly string[]
): readonly string[] => {
  const changed = rows.map((name) => changes.find((each) => each.startsWith(`${name} `)) ?? name);
  return forewarnings(action, changed.map(rowOf), names);
};
const paused = 'the registry is paused. It goes on with: npx holdfast resume registry';

it.each<[readonly string[], readonly string[], readonly string[]]>([
  [['echo-a'], [], []],
  [['echo-a-1'], [], []],
  [['echo-b'], [], ['echo-b has one instance: callers find nobody until it is back.']],
  [
    ['echo-b', 'echo-b-1', 'echo-b'],
    [],
    ['echo-b has one instance: callers find nobody until it is back.'],
  ],
  [['gateway'], [], ['gateway has one instance: callers find nobody until it is back.']],
  [['registry'], [], []],
  [['nobody'], [], []],
  [
    ['echo-a-1'],
    ['echo-a-2 stopped'],
    ['echo-a-1 alone takes calls of echo-a: callers find nobody until it is back.'],
  ],
  [
    ['echo-a'],
    ['echo-a-2 ready 0'],
    ['echo-a-1 alone takes calls of echo-a: callers find nobody until it is back.'],
  ],
  [['echo-a'], ['echo-a-1 stopped'], []],
  [['echo-b'], ['echo-b-1 paused'], []],
  [['echo-a'], ['registry paused'], [`What starts now is not listed and finds nobody yet: ${paused}`]],
  [['registry', 'echo-a'], ['registry paused'], []],
  [['registry'], ['registry paused'], []],
])('restart of %j, with %j', (names, changes, expected) => {
  expect(told('restart', names, ...changes)).toEqual(expected);
});

it('names what keeps the registry from listing', () => {
  const [stopped] = told('start', ['echo-a'], 'registry stopped');
  expect(stopped).toMatch(/: the registry is stopped\. Start it with: npx holdfast start registry$/);
  const [failing] = told('start', ['echo-a'], 'registry backing-off');
  expect(failing).toMatch(/: the registry does not run\. See: npx holdfast logs registry$/);
  expect(told('start', ['echo-a'], 'registry starting')).toEqual([]);
});

it('has nothing to say of other actions', () => {
  for (const action of ['stop', 'kill', 'pause', 'resume'] as const) {
    expect(told(action, ['echo-b'], 'registry paused')).toEqual([]);
  }
});
