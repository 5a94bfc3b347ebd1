import { type Change, type Registered, sameInstance, type WatchFrame } from 'holdfast/registry';

/** All changes of one life of a registry, and what a watcher of one service must get of them. */
export class EpochHistory {
  readonly #changes: Change[] = [];
  readonly #gone = new Set<string>();
  readonly #listed = new Map<string, string>();

  /** What is wrong with a change as the next one, if anything. */
  append(change: Change): string | undefined {
    const expected = this.#changes.length + 1;
    this.#changes.push(change);
    if (change.revision !== expected) return `revision ${change.revision} follows ${expected - 1}`;
    if (change.kind === 'remove') {
      if (change.why === 'withdrawn') this.#gone.add(`${change.id} ${change.incarnation}`);
      this.#listed.delete(change.id);
      return undefined;
    }
    const { id, incarnation } = change.instance;
    if (this.#gone.has(`${id} ${incarnation}`)) {
      return `${id} is listed as ${incarnation}, which was removed before`;
    }
    const before = this.#listed.get(id);
    if (before !== undefined && before > incarnation)
      return `${incarnation} supersedes the later ${before}`;
    this.#listed.set(id, incarnation);
    return undefined;
  }

  /** What is wrong with a frame that reaches a watcher of `service` standing at `revision`, if anything. */
  problemOf(frame: WatchFrame, service: string, revision: number | undefined): string | undefined {
    const at = frame.position.revision;
    if (frame.type === 'snapshot') return this.#problemOfSnapshot(frame.instances, service, at);
    if (revision === undefined) return `a ${frame.type} comes without a snapshot before it`;
    if (at < revision) return `a ${frame.type} at ${at} comes after ${revision}`;
    const next = this.#changes.slice(revision, at).find((change) => change.service === service);
    if (frame.type === 'change') {
      if (next === undefined) return `change ${at} comes twice`;
      if (next.revision !== at) return `change ${next.revision} is missing before ${at}`;
      return same(next, frame.change) ? undefined : `change ${at} is not what happened`;
    }
    return next === undefined ? undefined : `change ${next.revision} is missing before ${frame.type} ${at}`;
  }

  #problemOfSnapshot(instances: readonly Registered[], service: string, at: number): string | undefined {
    const expected = new Map<string, Change>();
    for (const change of this.#changes.slice(0, at)) {
      if (change.service !== service) continue;
      if (change.kind === 'put') expected.set(change.instance.id, change);
      else expected.delete(change.id);
    }
    const isRight = instances.every(({ instance }) => {
      const change = expected.get(instance.id);
      return change?.kind === 'put' && sameInstance(change.instance, instance);
    });
    if (isRight && instances.length === expected.size) return undefined;
    return `the snapshot at ${at} is not what was listed then`;
  }
}

function same(left: Change, right: Change): boolean {
  if (left.kind !== right.kind) return false;
  if (left.kind === 'put' && right.kind === 'put') return sameInstance(left.instance, right.instance);
  return JSON.stringify(left) === JSON.stringify(right);
}
