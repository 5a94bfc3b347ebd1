import path from 'node:path';
import { importRule } from '../import-rule.ts';
import { isTest, isUnder } from '../layout.ts';

const folder = 'src/host/node';
const composers = ['src/cli', 'tools', 'bench', 'simulations'];

/** The real clock, network and disk are chosen where a process is put together, and nowhere else. */
export const realHost = importRule('real-host', ({ from, to }) => {
  if (!isUnder(to, folder) || isUnder(from, folder)) return undefined;
  const isComposer = composers.some((composer) => isUnder(from, composer));
  if (isComposer || isTest(from) || path.posix.basename(from) === 'main.ts') return undefined;
  return 'Only a main.ts, the cli, tools and tests choose the real host: take a Host as a parameter.';
});
