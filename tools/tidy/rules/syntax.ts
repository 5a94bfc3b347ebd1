import type { Rule } from '../finding.ts';

/** Every file runs as it is written: no TypeScript that needs to be compiled. */
export const syntax: Rule = {
  name: 'syntax',
  *check(tree) {
    for (const source of tree.sources) {
      if (source.syntaxError !== undefined) yield { file: source.path, ...source.syntaxError };
    }
  },
};
