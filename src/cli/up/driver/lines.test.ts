import { describe, expect, it } from 'vitest';
import { limits } from '../../limits.ts';
import { Lines } from './lines.ts';

const cut = (chunks: readonly (string | Buffer)[]): string[] => {
  const got: string[] = [];
  const lines = new Lines((line) => got.push(line));
  for (const chunk of chunks) lines.take(Buffer.from(chunk));
  lines.end();
  return got;
};

describe('Lines', () => {
  it('joins what chunks tear apart, also inside a character', () => {
    const smile = Buffer.from('a🎈b\n');
    expect(cut(['on', 'e\ntw', 'o\r\n\n', smile.subarray(0, 3), smile.subarray(3), 'end'])).toEqual([
      'one',
      'two',
      '',
      'a🎈b',
      'end',
    ]);
  });

  it('cuts a line that never ends, and goes on with the next', () => {
    const long = 'x'.repeat(limits.lineBytesMax);
    expect(cut([long, long, long, 'y\nnext\n'])).toEqual([`${long} ... (cut)`, 'next']);
    expect(cut([`${long}yy\nnext\n`])).toEqual([`${long} ... (cut)`, 'next']);
  });
});
