import type { RunCommand } from './invocation.ts';

/** The commands that are always there. Each is loaded when it is called: help needs none of them. */
export interface Builtin {
  readonly name: string;
  /** Arguments in commander's notation. */
  readonly args?: string;
  readonly summary: string;
  readonly group: string;
  readonly options?: readonly (readonly [flags: string, summary: string])[];
  /** Shown below its help. */
  readonly examples: readonly (readonly [command: string, meaning: string])[];
  readonly load: () => Promise<RunCommand>;
}

const running = 'Run a topology:';
const looking = 'Look at it:';
const acting = 'Act on services or instances (echo-a is all of its instances, echo-a-1 is one):';

const action = (
  name: 'stop' | 'start' | 'restart' | 'kill' | 'pause' | 'resume',
  summary: string,
  examples: Builtin['examples'],
): Builtin => ({
  name,
  args: '<name...>',
  summary,
  group: acting,
  examples,
  load: async () => (await import('./commands/act.ts')).actCommand(name),
});

export const builtins: readonly Builtin[] = [
  {
    name: 'up',
    args: '[system...]',
    summary: 'start what the config describes and keep it running, until Ctrl-C',
    group: running,
    examples: [
      ['npx holdfast up', 'everything'],
      ['npx holdfast up echo', 'the system echo alone, with the registry and the gateway'],
      ['npx holdfast up --data /tmp/second', 'with its own data, beside another one on other ports'],
    ],
    load: async () => (await import('./commands/up.ts')).run,
  },
  {
    name: 'down',
    summary: 'stop all of it, from any terminal',
    group: running,
    examples: [['npx holdfast down', 'the gateway first, the registry last, each after what it has begun']],
    load: async () => (await import('./commands/down.ts')).run,
  },
  {
    name: 'ps',
    summary: 'what runs where, and what has trouble',
    group: looking,
    options: [['--json', 'for programs: service, instance, pid, port, state, restarts, since, problem']],
    examples: [
      ['npx holdfast ps', 'a table'],
      ['npx holdfast ps --json', 'the same as a JSON list'],
    ],
    load: async () => (await import('./commands/ps.ts')).run,
  },
  {
    name: 'logs',
    args: '[name...]',
    summary: 'what they said, in order of time',
    group: looking,
    options: [
      ['-f, --follow', 'go on with what is said from now on'],
      ['-n, --lines <count>', 'how many lines to begin with (100)'],
    ],
    examples: [
      ['npx holdfast logs -f', 'everybody, as it happens'],
      ['npx holdfast logs echo-a -n 20', 'the last 20 lines of all instances of echo-a'],
      ['npx holdfast logs holdfast', 'what up itself said: crashes, restarts, stops'],
    ],
    load: async () => (await import('./commands/logs.ts')).run,
  },
  {
    name: 'calls',
    args: '<explain> <service>',
    summary: 'how a service is called right now: by whom, which instances, why these',
    group: looking,
    options: [['--json', 'for programs: what each caller answers']],
    examples: [
      ['npx holdfast calls explain echo-a', 'every process that calls echo-a, and what it thinks of it'],
    ],
    load: async () => (await import('./commands/calls.ts')).run,
  },
  action('stop', 'let it finish and stay down (SIGTERM)', [['npx holdfast stop echo-a-1', 'one instance']]),
  action('start', 'start what was stopped', [
    ['npx holdfast start echo-a-1', 'and wait until it is ready'],
  ]),
  action('restart', 'stop and start, one after the other', [
    ['npx holdfast restart echo-a', 'all instances of echo-a, while the others answer'],
  ]),
  action('kill', 'pull the plug (kill -9); it is started again', [
    ['npx holdfast kill echo-a-1', 'the next call goes to another instance, or waits for this one'],
  ]),
  action('pause', 'freeze it: it stays there and answers nothing (SIGSTOP)', [
    ['npx holdfast pause echo-a', 'callers run into their deadlines'],
  ]),
  action('resume', 'let a paused one go on (SIGCONT)', [
    ['npx holdfast resume echo-a', 'after holdfast pause echo-a'],
  ]),
];
