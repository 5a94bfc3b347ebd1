import path from 'node:path';
import type { Rule } from '../finding.ts';
import { anchorsIn, linksIn } from '../markdown.ts';
import type { Tree } from '../tree.ts';
import { lineAt } from '../walk.ts';

/** Links within the repository lead somewhere: to a file or folder, and to a heading that is there. */
export const links: Rule = {
  name: 'links',
  *check(tree) {
    const anchors = new Map<string, Set<string>>();
    for (const page of tree.files.values()) {
      if (!page.path.endsWith('.md')) continue;
      for (const { target, offset } of linksIn(page.text)) {
        if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) continue;
        const problem = problemOf(tree, anchors, page.path, target);
        if (problem === undefined) continue;
        yield {
          file: page.path,
          line: lineAt(page.text, offset),
          sentence: `The link ${target} leads to ${problem}.`,
        };
      }
    }
  },
};

function problemOf(
  tree: Tree,
  anchors: Map<string, Set<string>>,
  page: string,
  target: string,
): string | undefined {
  const [place = '', anchor] = decodeURI(target).split('#', 2);
  const from = place.startsWith('/') ? '.' : path.posix.dirname(page);
  const file = place === '' ? page : path.posix.join(from, place).replace(/\/$/, '');
  if (file !== '.' && !tree.has(file)) return file.startsWith('..') ? 'outside the repository' : 'nothing';
  const text = tree.files.get(file)?.text;
  if (anchor === undefined || anchor === '' || text === undefined || !file.endsWith('.md'))
    return undefined;
  const known = anchors.get(file) ?? anchorsIn(text);
  anchors.set(file, known);
  return known.has(anchor) ? undefined : `no heading of ${file}`;
}
