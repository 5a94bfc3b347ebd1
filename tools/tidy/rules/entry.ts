import { importRule } from '../import-rule.ts';
import { isUnder, srcFolderOf, subEntries } from '../layout.ts';
import type { Tree } from '../tree.ts';

/** A folder of src is entered through its index; from outside src, by the name of the package. */
export const entry = importRule('entry', ({ from, to, specifier }, tree) => {
  const own = srcFolderOf(from);
  const other = srcFolderOf(to);
  if (other === undefined || other === own) return undefined;
  const isRelative = specifier.startsWith('.');
  if (own === undefined && isRelative) return `From out here the platform is imported ${byName(tree, to)}.`;
  if (own !== undefined && !isRelative) return `Inside src the path of ${to} is used, not "${specifier}".`;
  const index = entryTo(to);
  return to === index ? undefined : `src/${other} is entered only through ${index}.`;
});

function entryTo(file: string): string {
  const sub = subEntries.find((folder) => isUnder(file, folder));
  return `${sub ?? `src/${srcFolderOf(file)}`}/index.ts`;
}

function byName(tree: Tree, file: string): string {
  const index = entryTo(file);
  const found = Object.entries(tree.manifest.exports).find(([, target]) => target === `./${index}`);
  if (found === undefined) return `by its name, once package.json exports ${index}`;
  return `as "${tree.manifest.name}${found[0].slice(1)}"`;
}
