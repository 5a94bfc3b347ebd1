// `npm run sim`: whole clusters in one process, on virtual time, with everything that may go wrong.
// The last line is `N passed, N failed`.

import { parseOptions } from './options.ts';
import { readRegressions } from './regressions.ts';
import { runSession } from './session.ts';

const parsed = parseOptions(process.argv.slice(2));
if (parsed.ok) {
  const print = (line: string): void => console.log(line);
  const { passed, failed } = runSession({ options: parsed.options, regressions: readRegressions(), print });
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
} else {
  console.log(parsed.text);
  process.exitCode = process.argv.includes('--help') || process.argv.includes('-h') ? 0 : 2;
}
