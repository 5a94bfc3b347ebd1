import { HoldfastError } from '../std/index.ts';
import type { Config } from './config.ts';
import { layOut, portClashes } from './layout.ts';
import { didYouMean } from './nearest.ts';
import { type DataPath, type Problem, pathText } from './problem.ts';
import { checkShape } from './schema.ts';
import type { ResolvedSystem, Topology } from './topology.ts';

export interface ResolveOptions {
  /** Only these systems; all of them when there is none. */
  readonly systems?: readonly string[] | undefined;
}

export type Resolution =
  | { readonly ok: true; readonly topology: Topology }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Works a config out. Throws `invalid_argument` with everything that is wrong, one problem a line. */
export function resolveTopology(config: Config, options: ResolveOptions = {}): Topology {
  const resolution = checkTopology(config, options);
  if (resolution.ok) return resolution.topology;
  const lines = resolution.problems.map(({ path, message }) => `${pathText(path)}: ${message}`);
  throw new HoldfastError('invalid_argument', lines.join('\n'));
}

/** The same for a value of unknown shape, with the problems as data. */
export function checkTopology(value: unknown, options: ResolveOptions = {}): Resolution {
  const checked = checkShape(value);
  if (!checked.ok) return checked;
  const { config } = checked;
  const problems = [
    ...unknownChoices(config, options.systems ?? []),
    ...nameProblems(config),
    ...referenceProblems(config),
    ...faultProblems(config),
  ];
  if (problems.length > 0) return { ok: false, problems };

  // Everything is laid out, also what was not chosen: a clash must not wait for the day it is.
  const chosen = new Set(
    options.systems?.length ? options.systems : config.systems.map(({ name }) => name),
  );
  const laid = layOut(config);
  const clashes = [...laid.flatMap(({ problem }) => problem ?? []), ...portClashes(laid)];
  if (clashes.length > 0) return { ok: false, problems: clashes };
  const systems = config.systems.filter(({ name }) => chosen.has(name));
  return {
    ok: true,
    topology: {
      production: config.production ?? false,
      faults: config.faults,
      systems: systems.map(resolvedSystem),
      processes: laid
        .filter(({ system }) => system === undefined || chosen.has(system))
        .flatMap(({ specs }) => specs),
      routes: systems.flatMap(({ routes }) => routes ?? []),
    },
  };
}

function resolvedSystem(system: Config['systems'][number]): ResolvedSystem {
  const { name, summary, services, commands, try: tries } = system;
  return { name, summary, services: Object.keys(services), commands: commands ?? [], try: tries ?? [] };
}

function unknownChoices(config: Config, chosen: readonly string[]): Problem[] {
  const names = config.systems.map(({ name }) => name);
  return chosen
    .filter((name) => !names.includes(name))
    .map((name) => ({
      path: ['systems'],
      asked: true,
      message: `There is no system ${name}.${didYouMean(name, names) || ` There are: ${names.join(', ')}.`}`,
    }));
}

/** Names that would make `holdfast stop <name>` or a route ambiguous. */
function nameProblems(config: Config): Problem[] {
  const problems: Problem[] = [];
  const systems = new Set<string>();
  const owners = new Map<string, string>();
  const prefixes = new Map<string, string>();
  config.systems.forEach((system, index) => {
    const path: DataPath = ['systems', index];
    if (systems.has(system.name)) {
      problems.push({ path: [...path, 'name'], message: `two systems are called ${system.name}` });
    }
    systems.add(system.name);
    for (const service of Object.keys(system.services)) {
      const owner = owners.get(service);
      if (owner !== undefined) {
        const message = `the systems ${owner} and ${system.name} both define it: give one another name`;
        problems.push({ path: [...path, 'services', service], atKey: true, message });
      }
      owners.set(service, system.name);
    }
    system.routes?.forEach(({ prefix, service }, position) => {
      const other = prefixes.get(prefix);
      if (other !== undefined) {
        const message = `${prefix} already leads to ${other}: a prefix can have one service`;
        problems.push({ path: [...path, 'routes', position, 'prefix'], message });
      }
      prefixes.set(prefix, service);
    });
    const commands = system.commands?.map(({ name }) => name) ?? [];
    commands.forEach((name, position) => {
      if (commands.indexOf(name) === position) return;
      const message = `two commands are called ${name}`;
      problems.push({ path: [...path, 'commands', position, 'name'], message });
    });
  });
  return problems;
}

function referenceProblems(config: Config): Problem[] {
  const services = config.systems.flatMap((system) => Object.keys(system.services));
  const missing = (name: string): string => {
    const known =
      services.length === 0 ? ' No system defines a service.' : ` There are: ${services.join(', ')}.`;
    return `there is no service ${name}.${didYouMean(name, services) || known}`;
  };
  const problems: Problem[] = [];
  for (const name of Object.keys(config.services ?? {})) {
    if (services.includes(name)) continue;
    problems.push({ path: ['services', name], atKey: true, message: missing(name) });
  }
  config.systems.forEach((system, index) => {
    system.routes?.forEach(({ service }, position) => {
      if (services.includes(service)) return;
      problems.push({
        path: ['systems', index, 'routes', position, 'service'],
        message: missing(service),
      });
    });
  });
  return problems;
}

function faultProblems(config: Config): Problem[] {
  if (config.production !== true || config.faults !== true) return [];
  const message = 'cannot be true together with production: a production topology refuses faults';
  return [{ path: ['faults'], message }];
}
