import { expect, it } from 'vitest';
import { limits } from './limits.ts';
import { Memo } from './memo.ts';

it('remembers what there is room for, and no more', () => {
  const memo = new Memo(2 * (limits.memoEntryBytes + 1));
  expect(['a', 'b', 'c', 'a', 'b', 'c'].map((each) => memo.isNew(each))).toEqual([
    ...[true, true, true],
    ...[false, false, true],
  ]);
});
