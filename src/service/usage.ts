import { HoldfastError } from '../std/index.ts';

/**
 * For the command line of a `main.ts`: what `read` returns. What it finds wrong (`invalid_argument`,
 * TypeError, SyntaxError) is said in one line on standard error, and the process exits with 2.
 */
export function exitOnBadUsage<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isBadUsage(error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
}

function isBadUsage(error: unknown): error is Error {
  if (error instanceof HoldfastError) return error.code === 'invalid_argument';
  return error instanceof TypeError || error instanceof SyntaxError;
}
