import type { Rule } from '../finding.ts';
import { srcFolderOf } from '../layout.ts';

const page = 'ARCHITECTURE.md';

/** The one picture of the code is true: it names every folder of src, and none that is not there. */
export const architecture: Rule = {
  name: 'architecture',
  *check(tree) {
    const folders = new Set(
      [...tree.files.keys()].map(srcFolderOf).filter((folder) => folder !== undefined),
    );
    const lines = tree.files.get(page)?.lines ?? [];
    const named = namedIn(lines);
    for (const folder of folders) {
      if (!named.has(folder)) yield { file: page, line: 1, sentence: `src/${folder} is not named.` };
    }
    for (const [folder, line] of named) {
      if (!folders.has(folder))
        yield { file: page, line, sentence: `src/${folder} is named but is not there.` };
    }
  },
};

/**
 * The folders of src a page names, each with its line: as `src/std` anywhere, or in a drawn tree as one or
 * more `std/` at the start of a line that is indented below a line of `src/`, two blanks after each.
 */
function namedIn(lines: readonly string[]): Map<string, number> {
  const named = new Map<string, number>();
  let treeIndent: number | undefined;
  for (const [index, line] of lines.entries()) {
    const add = (folder: string): void => {
      if (!named.has(folder)) named.set(folder, index + 1);
    };
    for (const [, folder = ''] of line.matchAll(/\bsrc\/([a-z][a-z0-9-]*)(?![\w.-]*\.)/g)) add(folder);
    const indent = line.length - line.trimStart().length;
    if (/^\s*src\/(\s|$)/.test(line)) {
      treeIndent = indent;
    } else if (treeIndent !== undefined && indent > treeIndent) {
      const run = /^\s*((?:[a-z][a-z0-9-]*\/(?:\s{2,}|$))+)/.exec(line)?.[1] ?? '';
      for (const folder of run.split('/')) if (folder.trim() !== '') add(folder.trim());
    } else if (line.trim() !== '') {
      treeIndent = undefined;
    }
  }
  return named;
}
