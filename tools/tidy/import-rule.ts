import type { Rule } from './finding.ts';
import type { ImportSite } from './imports.ts';
import type { Tree } from './tree.ts';

/** An import of a file of the repository. */
export interface FileImport extends ImportSite {
  /** The importing file and the imported one. */
  readonly from: string;
  readonly to: string;
}

/** A rule that looks at one import at a time, and says what is wrong with it. */
export function importRule(
  name: string,
  problemOf: (site: FileImport, tree: Tree) => string | undefined,
): Rule {
  return {
    name,
    *check(tree) {
      for (const source of tree.sources) {
        for (const site of source.imports) {
          if (site.target.kind !== 'file') continue;
          const sentence = problemOf({ ...site, from: source.path, to: site.target.path }, tree);
          if (sentence !== undefined) yield { file: source.path, line: site.line, sentence };
        }
      }
    },
  };
}
