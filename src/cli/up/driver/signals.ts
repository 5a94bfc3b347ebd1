import { limits } from '../../limits.ts';
import { underLauncher } from './parents.ts';

export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP';

/**
 * Calls `first` for the first signal to stop and `second` for the next one that means it again. A hang-up
 * comes with no one left to insist, so it never counts as the second. npm and bin.mjs pass on a Ctrl-C that
 * the terminal has sent to everybody: what comes that close is the same one.
 */
export function onStopSignals(
  env: NodeJS.ProcessEnv,
  first: (signal: StopSignal) => void,
  second: () => void,
): () => void {
  const sameMs = underLauncher(env) ? limits.sameSignalUnderNpmMs : limits.sameSignalMs;
  let firstMs: number | undefined;
  const got = (signal: StopSignal): void => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      first(signal);
    } else if (signal !== 'SIGHUP' && nowMs - firstMs > sameMs) second();
  };
  const signals: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, got);
  return () => {
    for (const signal of signals) process.off(signal, got);
  };
}
