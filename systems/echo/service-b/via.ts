import { HoldfastError } from 'holdfast/std';

/** How B calls A. */
export type Via = 'http' | 'grpc';

/** `--via http|grpc`, else CALL_VIA, else http. Throws `invalid_argument` on anything else. */
export function viaFrom(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Via {
  let given = environment.CALL_VIA;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const match = /^--via(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      throw new HoldfastError(
        'invalid_argument',
        `There is no option ${arg}. Usage: main.ts [--via http|grpc]`,
      );
    }
    given = match[1] ?? args[++index] ?? '';
  }
  if (given === undefined || given === 'http') return 'http';
  if (given === 'grpc') return 'grpc';
  throw new HoldfastError('invalid_argument', `B calls A over http or grpc, not "${given}".`);
}
