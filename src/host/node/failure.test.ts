import { expect, it } from 'vitest';
import { diskFailure } from './failure.ts';

it('tells a shortage of descriptors from a disk that fails', () => {
  const kindOf = (code: string): string => diskFailure(Object.assign(new Error(code), { code })).kind;
  expect(['EMFILE', 'ENFILE', 'ENOSPC', 'EIO'].map(kindOf)).toEqual([
    'too-many-open',
    'too-many-open',
    'full',
    'io',
  ]);
});
