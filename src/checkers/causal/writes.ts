import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { code, isDelete, isRead, isUnknown } from './operation.ts';
import { Visible } from './visible.ts';

/** The acknowledged writes: they can be seen where they were done. */
export function acknowledgedWrites(layout: Layout): Visible {
  const isSeen = (operation: number): boolean =>
    !isRead(at(layout.code, operation)) && !isUnknown(at(layout.code, operation));
  const writes = layout.filter(isSeen);
  return new Visible(layout, writes, writes);
}

/** The unknown writes: they can be seen only where somebody read them. */
export function unknownWrites(layout: Layout, source: Int32Array): Visible {
  const readAt = layout.filter((operation) => {
    const write = at(source, operation);
    const isSeen = write !== none && write < layout.count && isUnknown(at(layout.code, write));
    return isSeen && !layout.isFinal(operation);
  });
  return new Visible(
    layout,
    readAt,
    readAt.map((read) => at(source, read)),
  );
}

/** The deletes of each key: those that were acknowledged, and the others. */
export class Deletes {
  readonly acknowledged: Visible;
  readonly unknown: ReadonlyMap<number, readonly number[]>;

  constructor(layout: Layout) {
    const acknowledged = new Ints();
    const unknown = new Map<number, number[]>();
    for (let operation = 0; operation < layout.count; operation++) {
      const kind = at(layout.code, operation);
      if (!isDelete(kind)) continue;
      if (kind === code.delete) {
        acknowledged.push(operation);
        continue;
      }
      const key = at(layout.key, operation);
      const ofKey = unknown.get(key);
      if (ofKey === undefined) unknown.set(key, [operation]);
      else ofKey.push(operation);
    }
    this.acknowledged = new Visible(layout, acknowledged.view(), acknowledged.view());
    this.unknown = unknown;
  }
}
