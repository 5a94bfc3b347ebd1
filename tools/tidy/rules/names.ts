import path from 'node:path';
import type { AnyNode } from 'acorn';
import type { Finding, Rule } from '../finding.ts';
import { namesIn } from '../globals.ts';
import { isGenerated } from '../layout.ts';
import type { Source } from '../source.ts';
import { lineAt, lineOf, walk } from '../walk.ts';

/** Words that say where something was put and not what it is. */
const empty = /^(utils?|utilit(y|ies)|helpers?|commons?|managers?|base|impls?|shared)$/;
/** Words that are as empty in front: BaseStore, CommonEvents, SharedClock. */
const emptyInFront = /^(Base|Common|Shared)$/;

/** Names are the field's own words. */
export const names: Rule = {
  name: 'names',
  *check(tree) {
    for (const place of [...tree.folders, ...tree.files.keys()]) {
      if (isGenerated(`${place}/`)) continue;
      const word = path.posix
        .basename(place)
        .split(/[-._]/)
        .find((part) => empty.test(part));
      if (word !== undefined)
        yield { file: place, line: 1, sentence: `"${word}" says nothing: name what is in it.` };
    }
    for (const source of tree.sources) yield* emptyExports(source);
  },
};

function* emptyExports(source: Source): Iterable<Finding> {
  for (const { name, line } of exportsOf(source)) {
    const words = name.split(/(?<=[a-z0-9])(?=[A-Z])|_/);
    const last = words.at(-1)?.toLowerCase() ?? '';
    if (!empty.test(last) && !emptyInFront.test(words[0] ?? '')) continue;
    yield { file: source.path, line, sentence: `"${name}" says nothing: name what it does or holds.` };
  }
}

function exportsOf(source: Source): { name: string; line: number }[] {
  const found: { name: string; line: number }[] = [];
  walk(source.program, (node) => {
    for (const name of exportedBy(node as AnyNode)) found.push({ name, line: lineOf(node) });
  });
  for (const match of source.types.matchAll(/\bexport\s+(?:declare\s+)?(?:interface|type)\s+(\w+)/g)) {
    found.push({ name: match[1] ?? '', line: lineAt(source.types, match.index) });
  }
  return found;
}

function exportedBy(node: AnyNode): string[] {
  if (node.type !== 'ExportNamedDeclaration') return [];
  const { declaration } = node;
  // What is passed on is found where it is declared, unless it gets another name on the way.
  if (!declaration) return node.specifiers.map(({ exported }) => ('name' in exported ? exported.name : ''));
  if (declaration.type === 'VariableDeclaration')
    return declaration.declarations.flatMap(({ id }) => namesIn(id));
  return [declaration.id.name];
}
