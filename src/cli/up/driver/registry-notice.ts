import { request } from 'node:http';
import { limits } from '../../limits.ts';

/**
 * Tells the registry that an instance is gone: callers learn of a crash within milliseconds instead of when
 * its lease ends. Best effort: without an answer the lease does it.
 */
export function deregister(
  registry: string,
  clusterKey: string,
  instance: { readonly service: string; readonly id: string; readonly incarnation: string },
): void {
  const path = `/v1/services/${instance.service}/instances/${instance.id}`;
  const url = new URL(`${path}?incarnation=${encodeURIComponent(instance.incarnation)}`, registry);
  const sent = request(url, {
    method: 'DELETE',
    headers: { 'x-holdfast-key': clusterKey },
    signal: AbortSignal.timeout(limits.registryNoticeMaxMs),
    agent: false,
  });
  sent.on('error', () => {});
  sent.on('response', (answer) => answer.resume());
  sent.end();
}
