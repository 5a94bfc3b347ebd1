import { at } from './ints.ts';

export interface Grouping {
  /** Indexes, those of group 0 first; within a group ascending. */
  readonly order: Int32Array;
  /** Where in `order` each group begins, and the end of the last one. */
  readonly start: Int32Array;
}

/** Puts together what is in the same group, by a counting sort: `groups` has a group for each index. */
export function grouping(groups: Int32Array, groupCount: number): Grouping {
  const start = new Int32Array(groupCount + 1);
  for (let index = 0; index < groups.length; index++) {
    const after = at(groups, index) + 1;
    start[after] = at(start, after) + 1;
  }
  for (let group = 0; group < groupCount; group++)
    start[group + 1] = at(start, group) + at(start, group + 1);
  const next = start.slice();
  const order = new Int32Array(groups.length);
  for (let index = 0; index < groups.length; index++) {
    const group = at(groups, index);
    const place = at(next, group);
    order[place] = index;
    next[group] = place + 1;
  }
  return { order, start };
}
