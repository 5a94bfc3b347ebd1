import { importRule } from '../import-rule.ts';
import { isUnder, srcFolderOf, systemOf } from '../layout.ts';

/** A system is written as any user would write it: its own files, packages, and the platform by its name. */
export const systems = importRule('systems', ({ from, to }) => {
  const own = systemOf(from);
  if (own === undefined) return undefined;
  if (isUnder(to, 'src/cli')) return 'The cli loads systems; a system does not import the cli.';
  if (systemOf(to) === own || srcFolderOf(to) !== undefined) return undefined;
  return `A system imports its own files and the platform, not ${to}.`;
});
