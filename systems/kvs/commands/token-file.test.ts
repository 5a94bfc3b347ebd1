import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { forgetToken, keepToken, readToken } from './token-file.ts';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'holdfast-kvs-token-'));
  file = path.join(folder, 'kvs-token');
});

afterEach(() => rmSync(folder, { recursive: true }));

it('is kept, in a folder that is made for it, and forgotten', () => {
  const inner = path.join(folder, 'a/b');
  expect(readToken(inner)).toBe('');
  keepToken(inner, 'one');
  expect(readToken(inner)).toBe('one');
  forgetToken(inner);
  expect(readToken(inner)).toBe('');
});

it('is another file each time, which takes the place of the one before with its mode', () => {
  keepToken(folder, 'one');
  for (const mode of [0o600, 0o666]) {
    chmodSync(file, mode);
    const before = path.join(folder, 'before');
    linkSync(file, before);
    keepToken(folder, 'two');
    expect(readFileSync(before, 'utf8')).toBe('one\n');
    expect(statSync(file).mode & 0o777).toBe(mode);
    expect(readdirSync(folder).toSorted()).toEqual(['before', 'kvs-token']);
    rmSync(before);
    keepToken(folder, 'one');
  }
});

it('leaves nothing beside it when it cannot take its place', () => {
  mkdirSync(path.join(file, 'in the way'), { recursive: true });
  expect(() => keepToken(folder, 'one')).toThrow();
  expect(readdirSync(folder)).toEqual(['kvs-token']);
});
