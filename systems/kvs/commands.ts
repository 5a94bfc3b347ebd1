import { HoldfastError } from 'holdfast/std';
import type { SystemCommand } from 'holdfast/topology';
import * as keys from './commands/key-commands.ts';
import * as tokens from './commands/token-command.ts';
import * as views from './commands/view-command.ts';

export const put = checked(keys.put);
export const get = checked(keys.get);
export const deleteKey = checked(keys.deleteKey);
export const view = checked(views.view);
export const token = checked(tokens.token);

/** What was told wrong ends with 2, as it does for every command. */
function checked(command: SystemCommand): SystemCommand {
  return {
    ...command,
    async run(context) {
      try {
        return (await command.run(context)) ?? 0;
      } catch (error) {
        if (!(error instanceof HoldfastError) || error.code !== 'invalid_argument') throw error;
        context.complain(error.message);
        return 2;
      }
    },
  };
}
