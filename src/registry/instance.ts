import type { Instance } from '../calls/index.ts';

/** An instance and the service it belongs to, as watchers of all services see it. */
export interface Registered {
  readonly service: string;
  readonly instance: Instance;
}

/**
 * What an instance adds to a snapshot: its bytes as JSON and a comma. Any state counts as the longest, so
 * that a list that is full never keeps an instance from saying that it drains.
 */
export function listedBytes(service: string, instance: Instance): number {
  return Buffer.byteLength(JSON.stringify({ service, ...instance, state: 'starting' })) + 1;
}

export function sameInstance(left: Instance, right: Instance): boolean {
  return (
    left === right ||
    (left.id === right.id &&
      left.incarnation === right.incarnation &&
      left.host === right.host &&
      left.port === right.port &&
      left.state === right.state &&
      left.weight === right.weight &&
      left.zone === right.zone &&
      sameMetadata(left.metadata, right.metadata))
  );
}

function sameMetadata(left: Instance['metadata'] = {}, right: Instance['metadata'] = {}): boolean {
  const keys = Object.keys(left);
  return keys.length === Object.keys(right).length && keys.every((key) => left[key] === right[key]);
}

export function sameInstances(left: readonly Instance[], right: readonly Instance[]): boolean {
  if (left === right) return true;
  return (
    left.length === right.length &&
    left.every((instance, index) => {
      const other = right[index];
      return other !== undefined && sameInstance(instance, other);
    })
  );
}
