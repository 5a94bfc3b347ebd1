import { createRequire } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Expression, ImportDeclaration, Node, ObjectExpression, Property } from 'acorn';
import { limits } from './limits.ts';
import type { DataPath } from './problem.ts';
import { type Position, readSource, type SourceFile, startOf } from './syntax-tree.ts';

/**
 * From a path in a config's data to the place in the source that wrote it. The value is followed as a reader
 * would: through `defineConfig({...})`, constants, spreads, and imports into the files of the systems. Where
 * the data comes from running code the walk ends, and the nearest place above it is given.
 */
export interface Place {
  readonly file: string;
  /** Undefined when nothing of the path was found in the source: the file alone. */
  readonly position?: Position | undefined;
  /** The path inside `file`: an import on the way takes off what leads to it. */
  readonly path: DataPath;
}

export function locate(file: string, path: DataPath, atKey = false): Place {
  const source = readSource(file);
  const value = source === undefined ? undefined : defaultExport(source);
  if (source === undefined || value === undefined) return { file, path };
  const walk = new Walk({ source, node: value });
  return walk.follow(path, atKey);
}

/** What a file imports, and where it says so. */
export function importsOf(file: string): { readonly specifier: string; readonly position: Position }[] {
  return (readSource(file)?.program.body ?? []).flatMap((node) => {
    if (!('source' in node) || !node.source) return [];
    const position = startOf(node.source);
    return position === undefined ? [] : [{ specifier: String(node.source.value), position }];
  });
}

interface Spot {
  readonly source: SourceFile;
  readonly node: Node;
}

class Walk {
  #at: Spot;
  /** The best place so far: the value the walk has reached, in the file it is written in. */
  #file: string;
  #position: Position | undefined;
  #steps = 0;

  constructor(start: Spot) {
    this.#at = start;
    this.#file = start.source.file;
    this.#position = startOf(start.node);
  }

  follow(path: DataPath, atKey: boolean): Place {
    let fileFrom = 0;
    for (const [index, key] of path.entries()) {
      const container = this.#settle(this.#at);
      if (container.source.file !== this.#file) fileFrom = index;
      this.#arrive(container);
      const found = this.#child(container, key);
      if (found === undefined) break;
      if (atKey && index === path.length - 1) {
        this.#arrive({ source: found.source, node: found.key ?? found.node });
        break;
      }
      this.#at = found;
      this.#arrive(found);
    }
    return { file: this.#file, position: this.#position, path: path.slice(fileFrom) };
  }

  #arrive({ source, node }: Spot): void {
    this.#file = source.file;
    this.#position = startOf(node);
  }

  /** What an expression stands for: through calls that pass their argument on, constants and imports. */
  #settle(spot: Spot): Spot {
    const { source, node } = spot;
    if (++this.#steps > limits.filesFollowedMax * 10) return spot;
    if (node.type === 'CallExpression') {
      const argument = (node as Node & { arguments: Node[] }).arguments[0];
      const inner = argument && this.#settle({ source, node: argument });
      return inner?.node.type === 'ObjectExpression' ? inner : spot;
    }
    if (node.type !== 'Identifier') return spot;
    const meant = meaningOf(source, (node as Node & { name: string }).name);
    return meant === undefined ? spot : this.#settle(meant);
  }

  #child(container: Spot, key: string | number): (Spot & { key?: Node }) | undefined {
    const { source, node } = container;
    if (node.type === 'ArrayExpression' && typeof key === 'number') {
      const elements = (node as Node & { elements: (Node | null)[] }).elements.slice(0, key + 1);
      if (elements.some((element) => element?.type === 'SpreadElement')) return undefined;
      const element = elements[key];
      return element ? { source, node: element } : undefined;
    }
    if (node.type !== 'ObjectExpression') return undefined;
    // The last one wins, as when it runs.
    for (const property of [...(node as ObjectExpression).properties].reverse()) {
      if (property.type === 'SpreadElement') {
        const found = this.#child(this.#settle({ source, node: property.argument }), key);
        if (found !== undefined) return found;
      } else if (nameOf(property) === String(key)) {
        return { source, node: property.value, key: property.key };
      }
    }
    return undefined;
  }
}

function nameOf({ computed, key }: Property): string | undefined {
  if (key.type === 'Identifier' && !computed) return key.name;
  return key.type === 'Literal' ? String(key.value) : undefined;
}

function defaultExport({ program }: SourceFile): Node | undefined {
  for (const node of program.body) {
    if (node.type === 'ExportDefaultDeclaration') return node.declaration;
  }
  return undefined;
}

/** What a name means in a file: a constant's value, or what an import brings. */
function meaningOf(source: SourceFile, name: string): Spot | undefined {
  for (const node of source.program.body) {
    if (node.type === 'ImportDeclaration') {
      const found = imported(source, node, name);
      if (found !== undefined) return found;
    }
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : node;
    if (declaration?.type !== 'VariableDeclaration' || declaration.kind !== 'const') continue;
    for (const { id, init } of declaration.declarations) {
      if (id.type === 'Identifier' && id.name === name && init) return { source, node: init as Expression };
    }
  }
  return undefined;
}

function imported(source: SourceFile, node: ImportDeclaration, name: string): Spot | undefined {
  const specifier = node.specifiers.find(({ local }) => local.name === name);
  if (specifier === undefined || specifier.type === 'ImportNamespaceSpecifier') return undefined;
  const target = readSource(fileOf(source.file, String(node.source.value)) ?? '');
  if (target === undefined) return undefined;
  const wanted =
    specifier.type === 'ImportSpecifier' && specifier.imported.type === 'Identifier'
      ? specifier.imported.name
      : 'default';
  if (wanted !== 'default') return meaningOf(target, wanted);
  const value = defaultExport(target);
  return value && { source: target, node: value };
}

function fileOf(from: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return resolve(dirname(from), specifier);
  if (specifier.startsWith('file:')) return fileURLToPath(specifier);
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}
