import { at, Ints, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { code, isDelete, isRead, isUnknown } from './operation.ts';
import { Visible } from './visible.ts';

/**
 * The writes a clock may reach. Those that were acknowledged can be seen where they were done; unknown ones
 * only where somebody read them.
 */
export class Writes {
  readonly acknowledged: Visible;
  readonly unknown: Visible;

  constructor(layout: Layout, source: Int32Array) {
    const own = new Ints();
    const readAt = new Ints();
    const read = new Ints();
    for (let operation = 0; operation < layout.count; operation++) {
      const kind = at(layout.code, operation);
      const write = at(source, operation);
      if (!isRead(kind)) {
        if (!isUnknown(kind)) own.push(operation);
      } else if (write !== none && isUnknown(at(layout.code, write)) && !layout.isFinal(operation)) {
        readAt.push(operation);
        read.push(write);
      }
    }
    this.acknowledged = new Visible(layout, own.view(), own.view());
    this.unknown = new Visible(layout, readAt.view(), read.view());
  }

  enter(key: number): void {
    this.acknowledged.enter(key);
    this.unknown.enter(key);
  }
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
