import type { Rule } from '../finding.ts';
import { lineAt } from '../walk.ts';

const mention = /\bnpm (?:run (?:-\S+ )*([a-z][\w:-]*)|(start|test)\b)/g;
/** npm runs these by itself at its own times. */
const lifecycle = /^(prepare|prepublishOnly|prepack|postpack|install|preinstall|postinstall)$/;
const setup = 'node tools/setup.mjs';

/** The commands that pages name exist, what they start is there, and each sets itself up first. */
export const scripts: Rule = {
  name: 'scripts',
  *check(tree) {
    const known = tree.manifest.scripts;
    for (const { path, text } of tree.files.values()) {
      // The change log tells of commands as they were.
      if (!/\.(md|ya?ml)$|^\.ci\//.test(path) || path === 'CHANGELOG.md') continue;
      for (const match of text.matchAll(mention)) {
        const name = match[1] ?? match[2] ?? '';
        if (name in known) continue;
        yield {
          file: path,
          line: lineAt(text, match.index),
          sentence: `package.json has no script "${name}".`,
        };
      }
    }
    for (const [name, command] of Object.entries(known)) {
      const line = lineOfScript(tree.files.get('package.json')?.text ?? '', name);
      for (const [, file] of command.matchAll(/\b(?:node|--config) ([\w./-]+\.(?:ts|mjs|js))/g)) {
        if (file === undefined || tree.has(file)) continue;
        yield {
          file: 'package.json',
          line,
          sentence: `The script "${name}" starts ${file}, which is not there.`,
        };
      }
      const isHook = /^(pre|post)/.test(name) && name.replace(/^(pre|post)/, '') in known;
      if (isHook || lifecycle.test(name) || known[`pre${name}`] === setup) continue;
      const sentence = `"pre${name}" must be "${setup}", for ${name} to work on a fresh clone.`;
      yield { file: 'package.json', line, sentence };
    }
  },
};

function lineOfScript(manifest: string, name: string): number {
  const block = Math.max(manifest.indexOf('"scripts"'), 0);
  return lineAt(manifest, Math.max(manifest.indexOf(`"${name}":`, block), 0));
}
