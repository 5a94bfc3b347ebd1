import { describe, expect, it } from 'vitest';
import { findingsOf } from '../small-tree.ts';
import { names } from './names.ts';

describe('names', () => {
  it('finds empty words in files and folders', () => {
    const files = { 'src/std/helpers.ts': '', 'src/shared/a.ts': '', 'src/calls/http-utils.test.ts': '' };
    expect(findingsOf(names, files)).toEqual([
      'src/shared:1 names: "shared" says nothing: name what is in it.',
      'src/calls/http-utils.test.ts:1 names: "utils" says nothing: name what is in it.',
      'src/std/helpers.ts:1 names: "helpers" says nothing: name what is in it.',
    ]);
  });

  it('finds empty words in what is exported, types too', () => {
    const text = `
export interface LeaseManager {}
export type BaseStore = string;
export const { stringUtils, a: [impl] } = x;
export function clockHelper() {}
export class Common {}
const a = 1;
export { a as shared };`;
    const found = findingsOf(names, { 'src/std/a.ts': text }).map((finding) =>
      /:(\d+) .*"(\w+)"/.exec(finding),
    );
    expect(found.map((match) => `${match?.[1]} ${match?.[2]}`).sort()).toEqual([
      ...['2 LeaseManager', '3 BaseStore', '4 impl', '4 stringUtils'],
      ...['5 clockHelper', '6 Common', '8 shared'],
    ]);
  });

  it('lets words be that only look like these', () => {
    const text = `
export const database = 1, baseAddress = 2, base64 = 3, implied = 4, management = 5;
class Manager {}
// export class Helper {}
export const text = 'export class Helper {}';`;
    expect(findingsOf(names, { 'src/std/base64.ts': text })).toEqual([]);
  });
});
