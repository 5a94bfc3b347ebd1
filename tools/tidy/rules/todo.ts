import type { Rule } from '../finding.ts';

/** Work left for later is an issue; a comment may point to it. */
export const todo: Rule = {
  name: 'todo',
  *check(tree) {
    for (const source of tree.sources) {
      for (const { text, line } of source.asides) {
        const word = /\b(TODO|FIXME|XXX)\b(?!.*#\d)/.exec(text)?.[1];
        if (word !== undefined)
          yield { file: source.path, line, sentence: `${word} without an issue number.` };
      }
    }
  },
};
