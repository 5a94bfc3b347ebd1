import { Command, Help } from 'commander';
import { type Builtin, builtins } from './builtins.ts';
import type { Invocation } from './invocation.ts';
import type { LoadedSystems } from './systems.ts';
import type { Output } from './terminal/output.ts';
import type { WorkspaceOptions } from './workspace.ts';

type Surroundings = Pick<Invocation, 'folder' | 'environment' | 'out' | 'err'>;

/** The command line as commander knows it. `finish` gets the exit code of the command that ran. */
export function buildProgram(
  surroundings: Surroundings,
  systems: LoadedSystems,
  version: string,
  finish: (code: number) => void,
): Command {
  const program = new Command('holdfast')
    .description('Runs services that keep working when parts of them fail.')
    .usage('[options] <command>')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this; after a command, about that command')
    .helpCommand(false)
    .enablePositionalOptions()
    .addHelpText('after', () => helpTail(surroundings.out, systems));
  configure(program, surroundings);
  addPlaces(program);
  for (const builtin of builtins) addBuiltin(program, builtin, surroundings, finish);
  addSystems(program, systems, surroundings, finish);
  return program;
}

function addPlaces(command: Command): void {
  command
    .option('--config <file>', 'the topology (holdfast.config.ts, here or in a folder above)')
    .option('--data <folder>', 'where logs, keys and data are (.holdfast beside the config)');
}

function addBuiltin(
  program: Command,
  builtin: Builtin,
  surroundings: Surroundings,
  finish: (code: number) => void,
): void {
  const { name, args, summary, group, options, examples, load } = builtin;
  const command = program
    .command(args === undefined ? name : `${name} ${args}`)
    .description(summary)
    .helpGroup(group)
    .helpOption('-h, --help', 'print this')
    .addHelpText('after', `\n${exampleLines('Examples:', examples).join('\n')}`);
  for (const [flags, meaning] of options ?? []) command.option(flags, meaning);
  addPlaces(command);
  command.configureOutput({ outputError: (text, write) => write(errorText(text, `${name} `)) });
  command.action(async () => {
    const run = await load();
    finish(await run({ ...surroundings, args: command.args, options: command.optsWithGlobals() }));
  });
}

function addSystems(
  program: Command,
  { topology }: LoadedSystems,
  surroundings: Surroundings,
  finish: (code: number) => void,
): void {
  for (const system of topology?.systems ?? []) {
    if (topology === undefined || system.commands.length === 0) continue;
    const parent = program
      .command(`${system.name}`)
      .description(system.summary ?? `commands of the system ${system.name}`)
      .usage('<command> [arguments]')
      .helpGroup('Commands of the systems in the config:')
      .helpCommand(false)
      .enablePositionalOptions();
    addPlaces(parent);
    parent.configureOutput({ outputError: (text, write) => write(errorText(text, `${system.name} `)) });
    for (const contributed of system.commands) {
      const command = parent
        .command(contributed.name)
        .description(contributed.summary)
        .usage(contributed.usage ?? ' ')
        .argument('[arguments...]')
        .allowUnknownOption()
        .passThroughOptions();
      contributedUsage.set(command, contributed.usage ?? '');
      command.action(async () => {
        const { runSystemCommand } = await import('./commands/system.ts');
        const options = command.optsWithGlobals<WorkspaceOptions>();
        const invocation = { ...surroundings, args: command.args, options };
        finish(await runSystemCommand(contributed, topology, invocation));
      });
    }
  }
}

/** Sub-commands take this over when they are made. */
function configure(program: Command, { out, err }: Surroundings): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => out.write(text),
    writeErr: (text) => err.write(text),
    getOutHasColors: () => out.colour,
    getErrHasColors: () => err.colour,
    getOutHelpWidth: () => process.stdout.columns ?? 100,
    getErrHelpWidth: () => process.stderr.columns ?? 100,
    outputError: (text, write) => write(errorText(text, '')),
  });
  program.configureHelp({
    formatHelp: commandsFirst,
    styleTitle: (text) => out.bold(text),
    subcommandTerm: termOf,
  });
}

/** What can be done comes before how it can be varied. */
function commandsFirst(command: Command, helper: Help): string {
  const sections = Help.prototype.formatHelp.call(helper, command, helper).trimEnd().split('\n\n');
  const options = sections.findIndex((section) => section.includes('Options:'));
  if (options >= 0) sections.push(...sections.splice(options, 1));
  return `${sections.join('\n\n')}\n`;
}

/** A command with its arguments; one of a system as the system describes them. */
function termOf(command: Command): string {
  const contributed = contributedUsage.get(command);
  if (contributed !== undefined) return `${command.name()} ${contributed}`.trimEnd();
  const names = command.registeredArguments.map((argument) => {
    const name = `${argument.name()}${argument.variadic ? '...' : ''}`;
    return argument.required ? `<${name}>` : `[${name}]`;
  });
  return [command.name(), ...names].join(' ');
}

const contributedUsage = new WeakMap<Command, string>();

/** commander's words, as sentences. */
function errorText(text: string, command: string): string {
  const [first = '', ...rest] = text
    .trim()
    .replace(/^error: /, '')
    .split('\n');
  const guess = rest.join(' ').replace(/^\((.*)\)$/, '$1');
  const sentence = `${first.charAt(0).toUpperCase()}${first.slice(1).replace(/\.$/, '')}.`;
  return `${[sentence, guess, `See: npx holdfast ${command}--help`].filter(Boolean).join(' ')}\n`;
}

function exampleLines(title: string, examples: Builtin['examples']): string[] {
  const width = Math.max(...examples.map(([command]) => command.length));
  return [title, ...examples.map(([command, meaning]) => `  ${command.padEnd(width)}  ${meaning}`)];
}

function helpTail(out: Output, systems: LoadedSystems): string {
  const first = systems.topology?.systems[0]?.services[0] ?? 'echo-a';
  const lines = exampleLines(out.bold('A first tour, in two terminals:'), [
    ['npx holdfast up', 'starts everything and shows what runs where, and a call to try'],
    ['npx holdfast ps', 'the same table, from the other terminal'],
    [`npx holdfast kill ${first}-1`, 'pulls the plug on one instance; watch it come back'],
    [`npx holdfast pause ${first}`, 'makes it hang; try the call again; then resume it'],
    [`npx holdfast logs -f ${first}`, 'what it says'],
  ]);
  if (systems.trouble !== undefined) {
    lines.push(
      '',
      `The systems' own commands are missing here, because the config cannot be read:`,
      systems.trouble,
    );
  }
  return `\n${lines.join('\n')}`;
}
