import { Endpoint } from '../core/endpoint.ts';
import { instance } from './upstream.ts';

/** Instances with so large a share of a full load each, all of them warm and idle. */
export function endpoints(shares: Readonly<Record<string, number>>): Endpoint[] {
  return Object.entries(shares).map(([id, share]) => {
    const endpoint = new Endpoint(instance(id, 'ready', share), 0, 0);
    endpoint.share = share;
    return endpoint;
  });
}

/** How often each name comes when so many are asked for. */
export function countOf(times: number, next: (index: number) => string): (name: string) => number {
  const counts = new Map<string, number>();
  for (let index = 0; index < times; index++) {
    const name = next(index);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return (name) => counts.get(name) ?? 0;
}
