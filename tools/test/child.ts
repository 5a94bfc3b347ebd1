import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';

/**
 * Runs this Node with `args`; resolves with how it ended: an exit status, or the name of a signal. Ctrl-C
 * reaches the child from the terminal, and this process waits for it to end; other signals are passed on.
 */
export function runNode(
  args: readonly string[],
  options: SpawnOptions,
  watch: (child: ChildProcess) => void = () => {},
): Promise<number | string> {
  const child = spawn(process.execPath, args, options);
  watch(child);
  const passOn = (signal: NodeJS.Signals): void => {
    if (signal !== 'SIGINT') child.kill(signal);
  };
  const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, passOn);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      for (const name of signals) process.off(name, passOn);
      resolve(status ?? signal ?? 'unknown');
    });
  });
}
