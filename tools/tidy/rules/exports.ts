import type { Rule } from '../finding.ts';
import { lineAt } from '../walk.ts';

/** What package.json offers is there, and is an index. */
export const exports: Rule = {
  name: 'exports',
  *check(tree) {
    const text = tree.files.get('package.json')?.text ?? '';
    const at = (value: string): { file: string; line: number } => {
      return { file: 'package.json', line: lineAt(text, Math.max(text.indexOf(`"${value}"`), 0)) };
    };
    const { exports, bin } = tree.manifest;
    for (const [name, target] of [...Object.entries(exports), ...Object.entries(bin)]) {
      const file = target.replace(/^\.\//, '');
      if (!tree.has(file)) {
        yield { ...at(target), sentence: `"${name}" leads to ${file}, which is not there.` };
      } else if (name in exports && file !== 'package.json' && !file.endsWith('/index.ts')) {
        yield { ...at(target), sentence: `"${name}" leads to ${file}, which is not an index.ts.` };
      }
    }
  },
};
