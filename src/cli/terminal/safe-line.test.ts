import { describe, expect, it } from 'vitest';
import { safeLine } from './safe-line.ts';

describe('safeLine', () => {
  it.each([
    ['plain text, ünïcode 🎈\tand tabs', true, 'plain text, ünïcode 🎈\tand tabs'],
    ['\x1b[31mred\x1b[0m', true, '\x1b[31mred\x1b[0m'],
    ['\x1b[31mred', true, '\x1b[31mred\x1b[0m'],
    ['\x1b[31mred\x1b[0m', false, 'red'],
    ['a\x1b[2Jb\x1b[1;1Hc\rd\x07e', true, 'abcde'],
    ['\x1b]0;title\x07x', true, ']0;titlex'],
    ['mm\x9b31m', true, 'mm31m'],
  ])('%j with colours %s', (text, colour, expected) => {
    expect(safeLine(text, colour)).toBe(expected);
  });
});
