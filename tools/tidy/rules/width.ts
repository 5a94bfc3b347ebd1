import type { Rule } from '../finding.ts';
import { isGenerated } from '../layout.ts';
import { limits } from '../limits.ts';

const held = /\.(ts|tsx|mjs|js|sh|proto|ya?ml|html|css)$|^\.ci\//;

/** Lines that fit. Markdown flows, and a line with an address cannot always be broken. */
export const width: Rule = {
  name: 'width',
  *check(tree) {
    for (const { path, lines } of tree.files.values()) {
      if (!held.test(path) || isGenerated(path)) continue;
      for (const [index, text] of lines.entries()) {
        if (text.length <= limits.columnsMax) continue;
        const columns = [...text].length;
        if (columns <= limits.columnsMax || text.includes('://')) continue;
        yield {
          file: path,
          line: index + 1,
          sentence: `${columns} columns, at most ${limits.columnsMax}.`,
        };
      }
    }
  },
};
