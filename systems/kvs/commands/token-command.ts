import type { SystemCommand } from 'holdfast/topology';
import { readArguments } from './arguments.ts';
import { forgetToken, readToken } from './token-file.ts';

/** `holdfast kvs token`: for `curl -H "causal-metadata: $(npx holdfast kvs token)"`. */
export const token: SystemCommand = {
  name: 'token',
  summary: 'show the causal metadata that the commands go on from; --fresh forgets it',
  usage: '[--fresh]',
  async run(context) {
    const { fresh } = readArguments(context.args, 'token [--fresh]', ['fresh'], { min: 0, max: 0 });
    if (fresh) forgetToken(context.dataFolder);
    else context.print(readToken(context.dataFolder));
  },
};
