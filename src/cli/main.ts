import { readFileSync } from 'node:fs';
import { builtins } from './builtins.ts';
import { exitCodes } from './invocation.ts';
import { limits } from './limits.ts';
import { buildProgram } from './program.ts';
import type { LoadedSystems } from './systems.ts';
import { standardOutputs } from './terminal/output.ts';
import type { WorkspaceOptions } from './workspace.ts';

const typed = process.argv.slice(2);
const word = firstWord(typed);
// What supervises must not wait for a slow terminal; what answers must not lose a line of its answer.
const outputs = standardOutputs(process.env, { lossy: word.text === 'up' });

const code = await run();
const waitMs = word.text === 'up' ? limits.killWaitMaxMs : undefined;
await Promise.all([outputs.out.flushed(waitMs), outputs.err.flushed(waitMs)]);
// A config may have left a timer or a socket open: the command is done all the same.
process.exit(code);

async function run(): Promise<number> {
  const folder = process.cwd();
  const known = builtins.some(({ name }) => name === word.text);
  let systems: LoadedSystems = {};
  if (!known && !word.strange && !typed.some((each) => each === '-V' || each === '--version')) {
    const { loadSystems } = await import('./systems.ts');
    systems = await loadSystems(word.options, folder);
    if (word.text !== undefined && !isSystem(word.text, systems)) return unknownCommand(word.text, systems);
  }
  let exitCode: number = exitCodes.fine;
  const surroundings = { folder, environment: process.env, ...outputs };
  const program = buildProgram(surroundings, systems, version(), (finished) => {
    exitCode = finished;
  });
  if (word.text === undefined && !typed.some((each) => each.startsWith('-'))) {
    program.outputHelp();
    return exitCodes.fine;
  }
  try {
    await program.parseAsync(typed, { from: 'user' });
  } catch (error) {
    const {
      name,
      code: reason,
      exitCode: shown,
    } = error as { name?: string; code?: string; exitCode?: number };
    if (name !== 'CommanderError') throw error;
    // A system's name alone shows what it can do.
    return shown === 0 || reason === 'commander.help' ? exitCodes.fine : exitCodes.usage;
  }
  return exitCode;
}

function isSystem(name: string, { topology }: LoadedSystems): boolean {
  return topology?.systems.some((system) => system.name === name && system.commands.length > 0) ?? false;
}

async function unknownCommand(name: string, { topology, trouble }: LoadedSystems): Promise<number> {
  const { didYouMean } = await import('../topology/index.ts');
  const names = [
    ...builtins.map((each) => each.name),
    ...(topology?.systems.map((each) => each.name) ?? []),
  ];
  const guess = didYouMean(name, names);
  outputs.err.line(`There is no command ${name}.${guess} See: npx holdfast --help`);
  if (trouble !== undefined && guess === '') {
    outputs.err.line(
      `The systems' own commands are missing, because the config cannot be read:\n${trouble}`,
    );
  }
  return exitCodes.usage;
}

interface FirstWord {
  readonly text: string | undefined;
  readonly options: WorkspaceOptions;
  /** An option that is not known stands in front: what follows may belong to it. */
  readonly strange: boolean;
}

/** The command's name, and the options in front of it that tell which config is meant. */
function firstWord(args: readonly string[]): FirstWord {
  const options: { config?: string; data?: string } = {};
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (!arg.startsWith('-')) return { text: arg, options, strange: false };
    if (['-h', '--help', '-V', '--version'].includes(arg)) continue;
    const [, name, value] = /^--(config|data)(?:=(.*))?$/s.exec(arg) ?? [];
    if (name !== 'config' && name !== 'data') return { text: undefined, options, strange: true };
    const given = value ?? args[++index];
    if (given !== undefined) options[name] = given;
  }
  return { text: undefined, options, strange: false };
}

function version(): string {
  const file = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
