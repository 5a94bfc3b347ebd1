import type { Rule } from '../finding.ts';
import { isTest } from '../layout.ts';
import { limits } from '../limits.ts';

/** One concept a file. */
export const size: Rule = {
  name: 'size',
  *check(tree) {
    for (const { path, lines } of tree.sources) {
      const linesMax = isTest(path) ? limits.testLinesMax : limits.codeLinesMax;
      if (lines.length <= linesMax) continue;
      const sentence = `${lines.length} lines, at most ${linesMax}: which two concepts are in here?`;
      yield { file: path, line: linesMax + 1, sentence };
    }
  },
};
