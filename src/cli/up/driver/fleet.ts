import { HoldfastError } from '../../../std/index.ts';
import { didYouMean, type ProcessSpec } from '../../../topology/index.ts';
import { limits } from '../../limits.ts';
import { problemText } from '../core/describe.ts';
import type { ProcessRow } from '../wire.ts';
import { Member, type MemberSurroundings } from './member.ts';

/** All processes of one `up`, in the order they are written. */
export class Fleet {
  readonly members: readonly Member[];
  #ending = false;

  constructor(specs: readonly ProcessSpec[], surroundings: MemberSurroundings) {
    this.members = specs.map((spec) => new Member(spec, surroundings));
  }

  rows(): ProcessRow[] {
    return this.members.map(({ spec, view, reason }) => ({
      service: spec.service,
      instance: spec.instance,
      pid: view.pid ?? null,
      port: spec.port,
      zone: spec.zone ?? null,
      weight: spec.weight ?? null,
      state: view.state,
      restarts: view.restarts,
      since: new Date(performance.timeOrigin + view.sinceMs).toISOString(),
      problem: problemText(view, reason) ?? null,
    }));
  }

  /** The members that names of services and instances mean, each once. Throws `not_found` on any other. */
  named(names: readonly string[]): Member[] {
    const found = new Set<Member>();
    for (const name of names) {
      const meant = this.members.filter(({ spec }) => spec.instance === name || spec.service === name);
      if (meant.length === 0) {
        const known = this.members.flatMap(({ spec }) => [spec.service, spec.instance]);
        const guess = didYouMean(name, known) || ` There are: ${[...new Set(known)].join(', ')}.`;
        throw new HoldfastError('not_found', `There is no service or instance ${name}.${guess}`);
      }
      for (const member of meant) found.add(member);
    }
    return [...found];
  }

  /**
   * The registry first, the others together as soon as it is ready. Resolves when all are ready, or were not
   * within the time.
   */
  async start(): Promise<void> {
    const startedMs = performance.now();
    const registry = this.members.filter(({ spec }) => spec.role === 'registry');
    const others = this.members.filter(({ spec }) => spec.role !== 'registry');
    for (const member of registry) member.tell('start');
    await settled(registry, limits.registryWaitMaxMs);
    for (const member of others) if (!this.#ending) member.tell('start');
    await settled(this.members, limits.readyWaitMaxMs - (performance.now() - startedMs));
  }

  /** The gateway first, so that nothing new comes in; the registry last, so that all can say good-bye. */
  async drain(): Promise<void> {
    this.#ending = true;
    for (const role of ['gateway', 'service', 'registry'] as const) {
      const group = this.members.filter(({ spec }) => spec.role === role);
      for (const member of group) member.tell('stop');
      await Promise.all(group.map(stopped));
      await Promise.all(group.map(({ quiet }) => quiet));
    }
  }

  /** Kills everything at once. Resolves to how many there were, also when one of them does not die. */
  async end(): Promise<number> {
    this.#ending = true;
    const alive = this.members.filter(({ view }) => view.pid !== undefined);
    for (const member of this.members) member.tell('end');
    const waitMs = limits.killWaitMaxMs;
    await Promise.all(alive.map((member) => member.until(({ state }) => state === 'stopped', waitMs)));
    await Promise.all(alive.map(({ quiet }) => quiet));
    return alive.length;
  }
}

/** Ready, or taken out of the start by somebody: stopped or paused by hand. */
async function settled(members: readonly Member[], waitMs: number): Promise<void> {
  const calm = ['ready', 'paused', 'stopped'];
  await Promise.all(members.map((member) => member.until(({ state }) => calm.includes(state), waitMs)));
}

function stopped(member: Member): Promise<boolean> {
  return member.until(({ state }) => state === 'stopped', limits.drainMaxMs + limits.killWaitMaxMs);
}
