import type { Node } from 'acorn';
import type { Rule } from '../finding.ts';
import { globalsOf } from '../globals.ts';
import type { ImportSite } from '../imports.ts';
import { areaOf, isCore, isTest, isUnder } from '../layout.ts';
import type { Source } from '../source.ts';
import type { Tree } from '../tree.ts';
import { lineOf, walk } from '../walk.ts';

/** Globals that bring time, chance, waiting or the world outside into a step. */
const impure = new Set([
  ...['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Promise'],
  ...['process', 'console', 'fetch', 'WebSocket', 'EventSource', 'Worker', 'MessageChannel', 'crypto'],
  ...['globalThis', 'require', 'WeakRef', 'FinalizationRegistry'],
]);

/** Cores, std, and what a core reaches inside its own folder: the same events give the same effects. */
export const pure: Rule = {
  name: 'pure',
  *check(tree) {
    for (const [source, reachedFrom] of pureSources(tree)) {
      const suffix = reachedFrom === undefined ? '' : ` (imported by ${reachedFrom})`;
      for (const { line, what } of [...impureNodes(source), ...impureImports(source)]) {
        yield { file: source.path, line, sentence: `${what} is not for a pure file${suffix}.` };
      }
    }
  },
};

/** The files held to it, each with the core that made it so when it is not one itself. */
function pureSources(tree: Tree): Map<Source, string | undefined> {
  const byPath = new Map(tree.sources.map((source) => [source.path, source]));
  const found = new Map<Source, string | undefined>();
  for (const source of tree.sources) {
    const isStd = isUnder(source.path, 'src/std') && !isTest(source.path);
    if (isStd || isCore(source.path)) found.set(source, undefined);
  }
  // A Map visits what is added during the visit: this follows imports to the end.
  for (const [source, reachedFrom] of found) {
    for (const site of source.imports) {
      if (site.target.kind !== 'file' || !isOwn(source, site)) continue;
      const target = byPath.get(site.target.path);
      if (target !== undefined && !found.has(target)) found.set(target, reachedFrom ?? source.path);
    }
  }
  return found;
}

function impureNodes(source: Source): { line: number; what: string }[] {
  const found: { line: number; what: string }[] = [];
  const add = (node: Node, what: string): void => {
    found.push({ line: lineOf(node), what });
  };
  for (const { name, member, node } of globalsOf(source.program)) {
    if (impure.has(name)) add(node, `\`${name}\``);
    if (name === 'Math' && member === 'random') add(node, '`Math.random`');
  }
  walk(source.program, (node) => {
    if (node.type === 'AwaitExpression') add(node, '`await`');
    if (node.type === 'ImportExpression') add(node, '`import()`');
    if (node.type === 'MetaProperty' && 'meta' in node && isNamed(node.meta, 'import'))
      add(node, '`import.meta`');
    if ('async' in node && node.async === true) add(node, '`async`');
    if ('await' in node && node.await === true) add(node, '`for await`');
  });
  return found;
}

function isNamed(node: unknown, name: string): boolean {
  return typeof node === 'object' && node !== null && 'name' in node && node.name === name;
}

function impureImports(source: Source): { line: number; what: string }[] {
  return source.imports
    .filter((site) => !site.typeOnly && !isAllowed(source, site))
    .map(({ line, specifier }) => ({ line, what: `Importing "${specifier}" as more than a type` }));
}

function isAllowed(source: Source, site: ImportSite): boolean {
  if (site.target.kind !== 'file') return false;
  return isOwn(source, site) || site.target.path === 'src/std/index.ts';
}

/** Of the same folder of src, or the same system, and loaded at run time; a driver is never a core's own. */
function isOwn(source: Source, { target, typeOnly }: ImportSite): boolean {
  if (target.kind !== 'file' || typeOnly || target.path.includes('/driver/')) return false;
  return areaOf(source.path) === areaOf(target.path);
}
