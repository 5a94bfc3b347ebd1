import { isBuiltin } from 'node:module';
import path from 'node:path';
import type { AnyNode, Program } from 'acorn';
import type { Manifest } from './tree.ts';
import { lineAt, lineOf, walk } from './walk.ts';

/** One place where a file imports from another, or exports what another has. */
export interface ImportSite {
  readonly line: number;
  /** As it is written. */
  readonly specifier: string;
  /** Nothing is loaded at run time: `import type`, `export type`, or `import('...')` within a type. */
  readonly typeOnly: boolean;
  readonly target: Target;
}

export type Target =
  | { readonly kind: 'file'; readonly path: string }
  /** By this package's own name, but not among its exports. */
  | { readonly kind: 'missing' }
  | { readonly kind: 'builtin' }
  | { readonly kind: 'package'; readonly name: string };

export function importsOf(
  program: Program,
  types: string,
  folder: string,
  manifest: Manifest,
): ImportSite[] {
  const sites: ImportSite[] = [];
  const add = (specifier: string, line: number, typeOnly: boolean): void => {
    sites.push({ specifier, line, typeOnly, target: resolve(specifier, folder, manifest) });
  };
  walk(program, (node) => {
    const source = sourceOf(node as AnyNode);
    if (typeof source === 'string') add(source, lineOf(node), false);
  });
  const typeImports =
    /\b(?:import|export)\s+type\b[^'";]*?\bfrom\s*(['"])(.*?)\1|\bimport\(\s*(['"])(.*?)\3\s*\)/g;
  for (const match of types.matchAll(typeImports)) {
    add(match[2] ?? match[4] ?? '', lineAt(types, match.index), true);
  }
  return sites;
}

function sourceOf(node: AnyNode): unknown {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return node.source?.value;
    case 'ImportExpression':
      return node.source.type === 'Literal' ? node.source.value : undefined;
    default:
      return undefined;
  }
}

function resolve(specifier: string, folder: string, manifest: Manifest): Target {
  if (specifier.startsWith('.')) return { kind: 'file', path: path.posix.join(folder, specifier) };
  if (isBuiltin(specifier)) return { kind: 'builtin' };
  const own = specifier === manifest.name || specifier.startsWith(`${manifest.name}/`);
  if (own) {
    const exported = manifest.exports[`.${specifier.slice(manifest.name.length)}`];
    return exported === undefined
      ? { kind: 'missing' }
      : { kind: 'file', path: path.posix.normalize(exported) };
  }
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  return { kind: 'package', name };
}
