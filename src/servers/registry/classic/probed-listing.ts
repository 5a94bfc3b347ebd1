import type { Instance } from '../../../calls/index.ts';
import {
  type ListOutcome,
  type PutOutcome,
  type RegistryStore,
  limits as registryLimits,
} from '../../../registry/index.ts';
import type { Enrolment } from './enrolments.ts';
import { probePath } from './probe.ts';

/** How instances that are probed stand in the list. What the metadata of one say: where it is probed. */
const probedKey = 'probed';

/** Lists it, or renews its lease. */
export function putProbed(
  store: RegistryStore,
  { service, id, host, port }: Enrolment,
  incarnation: string,
): Promise<PutOutcome> {
  const metadata = { [probedKey]: probePath };
  const instance = { id, incarnation, host, port, state: 'ready', weight: 1, metadata } as const;
  const { promise, resolve } = Promise.withResolvers<PutOutcome>();
  store.put({ service, instance, leaseMs: registryLimits.probeLeaseMs }, resolve);
  return promise;
}

/** The list cannot be read for now. */
export const unknown = Symbol('unknown');

/** What is listed by its id, whoever listed it. */
export async function listedBy(
  store: RegistryStore,
  { service, id }: Enrolment,
): Promise<Instance | undefined | typeof unknown> {
  const { promise, resolve } = Promise.withResolvers<ListOutcome>();
  store.list(service, resolve);
  const outcome = await promise;
  if (outcome.result === 'unavailable') return unknown;
  return outcome.instances.find(({ instance }) => instance.id === id)?.instance;
}

/** Whether it is listed because some registry probes it. */
export function isProbed(instance: Instance, { host, port }: Enrolment): boolean {
  return instance.metadata?.[probedKey] === probePath && instance.host === host && instance.port === port;
}

/** Why it is not listed, in half a sentence. */
export function refusal(outcome: Extract<PutOutcome, { result: 'full' | 'fenced' }>): string {
  if (outcome.result === 'full') return 'the registry is full';
  if (outcome.by === undefined) return 'it was removed';
  return `a process at ${outcome.by.host}:${outcome.by.port} announces itself by this id`;
}
