import type { Clock, Timer } from '../host/index.ts';
import type { LinkLimits } from './limits.ts';

/**
 * A timer for what waits on a peer. One that fires much too late says that this process did not run, not
 * that the peer was slow: what has arrived meanwhile is read before it fires.
 */
export function patientTimer(clock: Clock, limits: LinkLimits, delayMs: number, fire: () => void): Timer {
  const dueMs = clock.nowMs() + delayMs;
  let timer = clock.setTimer(delayMs, () => {
    if (clock.nowMs() - dueMs < limits.heartbeatMs) fire();
    else timer = clock.setTimer(limits.graceMs, fire);
  });
  return { cancel: () => timer.cancel() };
}
