import { at } from './ints.ts';
import type { Layout } from './layout.ts';
import { code } from './operation.ts';

/** Two final states that differ in what they hold for a key, if there are such. */
export function differing(layout: Layout): readonly [one: number, other: number] | undefined {
  const first = new Map<number, number>();
  for (let read = at(layout.start, layout.sessionCount); read < layout.count; read++) {
    const key = at(layout.key, read);
    const other = first.get(key);
    if (other === undefined) first.set(key, read);
    else if (!isSame(layout, other, read)) return [other, read];
  }
  return undefined;
}

/** Two that hold nothing are the same: one may have forgotten the delete that the other still names. */
function isSame(layout: Layout, one: number, other: number): boolean {
  if (at(layout.code, one) !== at(layout.code, other)) return false;
  return at(layout.code, one) === code.absent || at(layout.mark, one) === at(layout.mark, other);
}
