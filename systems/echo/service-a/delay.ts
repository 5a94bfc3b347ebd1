import { HoldfastError } from 'holdfast/std';

/** How long every echo waits, to see what a slow service does to its callers. Seconds, 0 to 5. */
export const delaySecondsMax = 5;

/** The delay asked for, kept within bounds. Throws `invalid_argument` when it is no number. */
export function clampDelay(seconds: unknown): number {
  const value = typeof seconds === 'string' && seconds.trim() !== '' ? Number(seconds) : seconds;
  if (typeof value !== 'number' || Number.isNaN(value)) {
    const given = JSON.stringify(seconds);
    const text = `The delay must be a number of seconds from 0 to ${delaySecondsMax}, not ${given}.`;
    throw new HoldfastError('invalid_argument', text);
  }
  return Math.min(delaySecondsMax, Math.max(0, value));
}

/** Reads `-d N`, `--delay N`, `-dN`, `--delay=N`. Throws `invalid_argument` on anything else. */
export function delayIn(args: readonly string[]): number {
  let seconds = 0;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] as string;
    const match = /^(?:-d|--delay)(?:=(.*)|(?<=-d)(.+))?$/s.exec(arg);
    if (match === null) {
      const text = `There is no option ${arg}. Usage: main.ts [-d|--delay SECONDS]`;
      throw new HoldfastError('invalid_argument', text);
    }
    const inline = match[1] ?? match[2];
    if (inline === undefined) index += 1;
    seconds = clampDelay(inline ?? args[index]);
  }
  return seconds;
}
