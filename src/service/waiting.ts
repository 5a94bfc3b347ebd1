import type { Clock } from '../host/index.ts';

/** Resolves after `delayMs` on the host's clock. */
export function after(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => clock.setTimer(delayMs, resolve));
}

/** Whether `work` was done within `timeoutMs`. Its failure is passed on. */
export function within(clock: Clock, timeoutMs: number, work: Promise<unknown>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => resolve(false));
    work.then(
      () => {
        timer.cancel();
        resolve(true);
      },
      (error) => {
        timer.cancel();
        reject(error);
      },
    );
  });
}
