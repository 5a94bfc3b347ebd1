import {
  type Listing,
  limits,
  type PutOutcome,
  type PutRequest,
  type RegistryStore,
  type RemoveRequest,
  type Unavailable,
} from '../../registry/index.ts';
import { HoldfastError } from '../../std/index.ts';

/** The store's answers as a handler wants them. All throw `unavailable` when the store is. */

/** Throws `resource_exhausted` when there is no room, `already_exists` when the incarnation is over. */
export async function putInto(
  store: RegistryStore,
  request: PutRequest,
): Promise<{ readonly revision: number; readonly leaseMs: number }> {
  const { promise, resolve } = Promise.withResolvers<PutOutcome>();
  store.put(request, resolve);
  const outcome = available(await promise);
  if (outcome.result === 'listed') return { revision: outcome.revision, leaseMs: outcome.leaseMs };
  if (outcome.result === 'full') {
    const text = fullTexts[outcome.bound];
    throw new HoldfastError('resource_exhausted', text, { retryAfterMs: limits.leaseMs });
  }
  const what = `${request.service}/${request.instance.id}`;
  const { by } = outcome;
  const text =
    by === undefined
      ? `This incarnation of ${what} was removed; a new one may register.`
      : `${what} is announced by a later process, at ${by.host}:${by.port}. If both are to run, ` +
        'give one of them another HOLDFAST_INSTANCE.';
  throw new HoldfastError('already_exists', text);
}

const fullTexts: Readonly<Record<Extract<PutOutcome, { result: 'full' }>['bound'], string>> = {
  instancesMax: `The registry is full: it lists ${limits.instancesMax} instances.`,
  instanceBytesMax:
    `The instance is described in over ${limits.instanceBytesMax} bytes, which is too much: ` +
    'shorten its metadata.',
  listBytesMax:
    `The registry is full: it lists no more than ${limits.listBytesMax} bytes. ` +
    'Announce fewer instances, or shorter metadata.',
};

export async function removeFrom(
  store: RegistryStore,
  request: RemoveRequest,
): Promise<{ readonly removed: boolean; readonly revision: number }> {
  const { promise, resolve } =
    Promise.withResolvers<Parameters<Parameters<RegistryStore['remove']>[1]>[0]>();
  store.remove(request, resolve);
  const { removed, revision } = available(await promise);
  return { removed, revision };
}

/** What is listed, of one service or of all. */
export async function listOf(store: RegistryStore, service: string | undefined): Promise<Listing> {
  const { promise, resolve } = Promise.withResolvers<Listing | Unavailable>();
  store.list(service, resolve);
  return available(await promise);
}

export function storeUnavailable(why: string): HoldfastError {
  return new HoldfastError('unavailable', why, { retryAfterMs: limits.backoffMaxMs });
}

function available<Outcome extends { readonly result: string }>(
  outcome: Outcome | Unavailable,
): Exclude<Outcome, Unavailable> {
  if (isUnavailable(outcome)) throw storeUnavailable(outcome.why);
  return outcome as Exclude<Outcome, Unavailable>;
}

function isUnavailable(outcome: { readonly result: string }): outcome is Unavailable {
  return outcome.result === 'unavailable';
}
