import { parseArgs } from 'node:util';
import { HoldfastError } from 'holdfast/std';

/** What a command was told. */
export interface Arguments {
  readonly words: readonly string[];
  /** Which replica, by its number from 1 on or its address; undefined leaves the choice. */
  readonly replica: string | undefined;
  /** Ignore the token of the commands before. */
  readonly fresh: boolean;
  readonly copies: string | undefined;
}

const options = {
  replica: { type: 'string' },
  fresh: { type: 'boolean' },
  copies: { type: 'string' },
} as const;

type OptionName = keyof typeof options;

/** Throws `invalid_argument` with how the command is used when it was told something else. */
export function readArguments(
  args: readonly string[],
  usage: string,
  allowed: readonly OptionName[],
  words: { readonly min: number; readonly max: number },
): Arguments {
  let mistake = '';
  const known = Object.fromEntries(allowed.map((name) => [name, options[name]]));
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: known,
      allowPositionals: true,
      strict: true,
    });
    if (positionals.length >= words.min && positionals.length <= words.max) {
      const { replica, fresh, copies } = values as Partial<Record<OptionName, string | boolean>>;
      return {
        words: positionals,
        replica: replica as string | undefined,
        fresh: fresh === true,
        copies: copies as string | undefined,
      };
    }
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    mistake = mistakeIn(error);
  }
  const hint = usage.includes('<value>') ? ' (a value that begins with a dash: put <key> -- <value>)' : '';
  throw new HoldfastError('invalid_argument', `${mistake}Usage: npx holdfast kvs ${usage}${hint}`);
}

/** `Unknown option '--copys'. To specify ...` and `Option '--copies <value>' argument missing`. */
function mistakeIn({ message }: TypeError): string {
  const [sentence = ''] = message.split(/\. |\n/, 1);
  return `${sentence}. `;
}
