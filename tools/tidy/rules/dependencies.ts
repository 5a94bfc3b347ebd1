import type { Rule } from '../finding.ts';
import { isTest, isUnder } from '../layout.ts';

/** What ships imports only what comes with it. The acceptance suites are tests that others call. */
export const dependencies: Rule = {
  name: 'dependencies',
  *check(tree) {
    for (const { path: file, imports } of tree.sources) {
      const ships = isUnder(file, 'src') || isUnder(file, 'systems');
      const isProof = isTest(file) || isUnder(file, 'src/host/acceptance');
      for (const { target, line, typeOnly, specifier } of imports) {
        if (target.kind === 'missing') {
          yield { file, line, sentence: `package.json exports no "${specifier}".` };
        } else if (target.kind === 'package' && ships && !isProof && !typeOnly) {
          if (target.name in tree.manifest.dependencies) continue;
          const sentence = `"${target.name}" is not among the dependencies users get.`;
          yield { file, line, sentence };
        }
      }
    }
  },
};
