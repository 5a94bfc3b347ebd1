import { at, none } from './ints.ts';
import type { Layout } from './layout.ts';
import { code, isDelete, isRead } from './operation.ts';

/** What a read can have wrong by itself. */
export type BadRead =
  | { readonly type: 'unwritten'; readonly read: number }
  | { readonly type: 'wrong-key'; readonly read: number; readonly write: number };

/**
 * For each read the write whose value it returned: the relation `wr`. What found nothing has a writer only
 * where the store told which delete it saw; the others have `none`, and absent.ts looks at them.
 */
export function readsFrom(layout: Layout): { readonly source: Int32Array; readonly bad?: BadRead } {
  const source = new Int32Array(layout.count).fill(none);
  for (let read = 0; read < layout.count; read++) {
    const mark = at(layout.mark, read);
    const kind = at(layout.code, read);
    if (!isRead(kind) || mark === none) continue;
    const write = at(layout.writer, mark);
    if (write === none || isDelete(at(layout.code, write)) !== (kind === code.absent)) {
      return { source, bad: { type: 'unwritten', read } };
    }
    if (at(layout.key, write) !== at(layout.key, read)) {
      return { source, bad: { type: 'wrong-key', read, write } };
    }
    source[read] = write;
  }
  return { source };
}
