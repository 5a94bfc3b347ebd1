import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { describeError } from '../std/index.ts';
import type { Problem } from './problem.ts';
import { pathText } from './problem.ts';
import { checkTopology, type ResolveOptions } from './resolve.ts';
import type { Topology } from './topology.ts';

export type LoadedTopology =
  | { readonly ok: true; readonly topology: Topology }
  /**
   * Each line says `file:line:column`, what is wrong there and what would be right. `asked`: the config is
   * fine, but has no such systems.
   */
  | { readonly ok: false; readonly asked?: boolean; readonly lines: readonly string[] };

/** Reads a config file, checks it and works it out. Places are shown relative to the folder `from`. */
export async function loadTopology(
  file: string,
  options: ResolveOptions & { readonly from?: string | undefined } = {},
): Promise<LoadedTopology> {
  const from = options.from ?? process.cwd();
  const imported = await importDefault(file, from);
  if (!imported.ok) return imported;
  const resolution = checkTopology(imported.value, options);
  if (!resolution.ok) {
    const { problems } = resolution;
    if (problems.every((problem) => problem.asked)) {
      return { ok: false, asked: true, lines: problems.map(({ message }) => message) };
    }
    return { ok: false, lines: await describeProblems(file, problems, from) };
  }
  const missing = resolution.topology.processes.filter(({ main }) => !existsSync(main));
  if (missing.length === 0) return resolution;
  const problems = missing.map(({ service, main }): Problem => {
    const index = resolution.topology.systems.findIndex(({ services }) => services.includes(service));
    const path = index < 0 ? [service, 'main'] : ['systems', index, 'services', service, 'main'];
    return { path, message: `there is no file ${shown(fileURLToPath(main), from)}` };
  });
  return { ok: false, lines: await describeProblems(file, problems, from) };
}

/** One line for each problem, with its place in the source as far as it can be found. */
export async function describeProblems(
  file: string,
  problems: readonly Problem[],
  from: string,
): Promise<string[]> {
  // Only needed when something is wrong: a parser costs start-up time.
  const { locate } = await import('./locate.ts');
  return problems.map(({ path, atKey, message }) => {
    const place = locate(file, path, atKey);
    const at = place.position === undefined ? '' : `:${place.position.line}:${place.position.column}`;
    const what = pathText(place.path);
    return `${shown(place.file, from)}${at} ${what === '' ? '' : `${what}: `}${message}`;
  });
}

type Imported =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly lines: readonly string[] };

async function importDefault(file: string, from: string): Promise<Imported> {
  let module: { readonly default?: unknown };
  try {
    module = (await import(pathToFileURL(file).href)) as { default?: unknown };
  } catch (error) {
    return { ok: false, lines: [await describeImportFailure(file, error, from)] };
  }
  if (module.default !== undefined) return { ok: true, value: module.default };
  const hint = 'write `export default defineConfig({ systems: [...] })`';
  return { ok: false, lines: [`${shown(file, from)}: has no default export: ${hint}`] };
}

/**
 * Node's own words with a place in front. A syntax error names it on the first line of its stack, with a
 * caret below; what is thrown while the file runs names it in its first frame; a module that is not found
 * names only who asked for it, and the import is searched for there.
 */
async function describeImportFailure(file: string, error: unknown, from: string): Promise<string> {
  const message = describeError(error).split('\n')[0] ?? '';
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  if (message === 'Cannot use import statement outside a module') {
    const hint = 'put "type": "module" into package.json, or name the file .mts';
    return `${shown(file, from)}: ${message}: ${hint}`;
  }
  const syntax = /^(?:(file:\/\/\S+)|(\/.+|[A-Z]:\\.+)):(\d+)\n[\s\S]*?\n( *)\^/.exec(stack);
  if (error instanceof SyntaxError && syntax !== null) {
    const [, url, path, line, indent] = syntax;
    const place = url === undefined ? String(path) : fileURLToPath(url);
    return `${shown(place, from)}:${line}:${(indent ?? '').length + 1} ${message}`;
  }
  const missing = /^Cannot find (?:module|package) '(.+?)' imported from (.+)$/.exec(message);
  if (missing !== null) return describeMissing(String(missing[1]), String(missing[2]), message, from);
  const frame = /\(?(file:\/\/[^\s()]+):(\d+):(\d+)\)?/.exec(stack.slice(stack.indexOf('\n    at ')));
  if (frame !== null) {
    const place = `${shown(fileURLToPath(String(frame[1])), from)}:${frame[2]}:${frame[3]}`;
    return `${place} throws: ${message}`;
  }
  return `${shown(file, from)} throws: ${message}`;
}

async function describeMissing(target: string, importer: string, message: string, from: string) {
  const { importsOf } = await import('./locate.ts');
  const origin = importer.startsWith('file:') ? fileURLToPath(importer) : importer;
  const absolute = target.startsWith('/') || /^[A-Z]:\\/.test(target);
  const wanted = importsOf(origin).find(({ specifier }) => {
    if (absolute) return specifier.startsWith('.') && resolve(origin, '..', specifier) === target;
    return specifier === target || specifier.startsWith(`${target}/`);
  });
  if (wanted === undefined) return `${shown(origin, from)} ${message}`;
  const { position, specifier } = wanted;
  const hint = absolute
    ? 'there is no such file'
    : 'there is no such package: npm install it, or correct it';
  return `${shown(origin, from)}:${position.line}:${position.column} import '${specifier}': ${hint}`;
}

/** A path as a user reads it: relative when it is inside `from`. */
function shown(file: string, from: string): string {
  const short = relative(from, file);
  return short.startsWith('..') || short === '' ? file : short;
}
