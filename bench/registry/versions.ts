import type { Instance, InstanceState } from 'holdfast/calls';

/**
 * What the instances of this bench go through: as in a rolling deployment each starts, is ready, drains and
 * goes, then comes back as a new life with another incarnation, weight and metadata. Each of these moments
 * has a number of its own, a version, so that nothing that is seen can be mistaken for anything else.
 */
const moments = ['starting', 'ready', 'draining', 'gone'] as const;

/** Instances begin at different moments of their first life, so that all kinds of change come mixed. */
export function firstVersionOf(index: number): number {
  return index % (moments.length - 1);
}

export const serviceName = 'scaled';

export function momentOf(version: number): InstanceState | 'gone' {
  return moments[version % moments.length] as (typeof moments)[number];
}

export function lifeOf(version: number): number {
  return Math.floor(version / moments.length);
}

/** The version in which the life of `version` ends. */
export function endOf(version: number): number {
  return lifeOf(version) * moments.length + moments.indexOf('gone');
}

/** An instance as it is announced; about as much as a service of ours says of itself. */
export function instanceIn(version: number, index: number, incarnation: string): Instance {
  const moment = momentOf(version);
  const life = lifeOf(version);
  return {
    id: `scaled-${String(index).padStart(4, '0')}`,
    incarnation,
    host: '127.0.0.1',
    port: 10_000 + index,
    state: moment === 'gone' ? 'draining' : moment,
    weight: 1 + (life % 5),
    metadata: { life: String(life), release: '2.14.0', commit: '4f1c0a77' },
  };
}

export function indexOf(id: string): number {
  return Number(id.slice(-4));
}

export function versionOf(instance: Instance): number {
  return Number(instance.metadata?.life) * moments.length + moments.indexOf(instance.state);
}
