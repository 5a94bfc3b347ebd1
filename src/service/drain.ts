import type { FastifyInstance } from 'fastify';
import type { Calls, InstanceState } from '../calls/index.ts';
import type { Clock } from '../host/index.ts';
import { describeError } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import type { RegistrySide } from './announce.ts';
import type { GrpcSide } from './grpc.ts';
import type { Intake } from './intake.ts';
import type { ServiceLimits } from './limits.ts';
import type { PortListener } from './listener.ts';
import { after, within } from './waiting.ts';

/** Everything of a running service that has to end. */
export interface DrainParts {
  readonly clock: Clock;
  readonly limits: ServiceLimits;
  readonly log: Logger;
  readonly listener: PortListener;
  readonly intake: Intake;
  readonly grpc: GrpcSide | undefined;
  readonly registry: RegistrySide;
  readonly app: FastifyInstance;
  readonly calls: Calls;
  /** What the service itself ends then. */
  readonly enders: readonly (() => void)[];
  setState(state: InstanceState): void;
}

/**
 * Ends a service so that no caller notices: it says "draining" first, and only when callers had time to
 * hear it are new connections refused. What is under way is finished, and what comes meanwhile on
 * connections that are open, within `limits.drainTimeoutMs`; what is not done by then is cut off. With
 * `timeoutMs` all of it has to fit in there.
 */
export async function drainService(parts: DrainParts, timeoutMs?: number): Promise<void> {
  const { clock, limits, log, listener, intake, grpc, registry } = parts;
  const endMs = clock.nowMs() + (timeoutMs ?? Number.POSITIVE_INFINITY);
  const atMost = (boundMs: number): number => Math.max(0, Math.min(boundMs, endMs - clock.nowMs()));

  listener.startDraining();
  parts.setState('draining');
  log.info('draining', { under_way: underWay(parts) });
  // An orphan has nobody to tell: its time is for what is under way.
  const isOrphan = timeoutMs !== undefined;
  if (registry.isAnnounced && !isOrphan) {
    const { known, stop } = registry.watchersKnow();
    await within(clock, limits.drainToldMs, known);
    await attempt(log, within(clock, limits.closeTimeoutMs, stop()));
    await after(clock, limits.drainNoticeMs);
  }

  const closed = listener.close(isOrphan ? 0 : limits.drainQuietMs);
  grpc?.stopAccepting();
  for (const end of parts.enders) end();
  const isDone = await within(clock, atMost(limits.drainTimeoutMs), finished(parts, closed));
  // Connections alone that linger are no loss: nothing is owed on them.
  if (!isDone && underWay(parts) > 0) log.warn('cut off', { under_way: underWay(parts) });
  grpc?.destroy();
  listener.destroy();
  await within(clock, atMost(limits.closeTimeoutMs), closed);

  await attempt(log, within(clock, atMost(limits.closeTimeoutMs), registry.withdraw()));
  const ended = Promise.all([parts.app.close(), parts.calls.close(), registry.close()]);
  await attempt(log, within(clock, atMost(limits.closeTimeoutMs), ended));
  intake.close();
  log.info('stopped');
}

function underWay({ intake, grpc }: DrainParts): number {
  return intake.underWay + (grpc?.underWay ?? 0);
}

/** Without connections nothing new can come; handlers whose callers have left may still be at work. */
async function finished({ intake, grpc }: DrainParts, closed: Promise<void>): Promise<void> {
  await closed;
  await new Promise<void>((resolve) => intake.whenIdle(resolve));
  if (grpc !== undefined) await new Promise<void>((resolve) => grpc.whenIdle(resolve));
}

/** One part that fails to end must not keep the others from it. */
async function attempt(log: Logger, work: Promise<boolean>): Promise<void> {
  try {
    if (!(await work)) log.warn('cut off', { error: 'The service did not close in time.' });
  } catch (error) {
    log.error({ status: 'error', error: `The service did not close cleanly: ${describeError(error)}` });
  }
}
