import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { Output, safeLine } from './output.ts';

class Reader extends Writable {
  readonly chunks: string[] = [];
  #release: (() => void) | undefined;
  stalled = false;

  override _write(chunk: Buffer, _: string, done: () => void): void {
    this.chunks.push(chunk.toString());
    if (this.stalled) this.#release = done;
    else done();
  }

  goOn(): void {
    this.stalled = false;
    this.#release?.();
  }
}

describe('Output', () => {
  it('paints only where colours are shown', () => {
    expect(new Output(new Reader(), { colour: true }).paint('31', 'a')).toBe('\x1b[31ma\x1b[0m');
    expect(new Output(new Reader(), { colour: false }).bold('a')).toBe('a');
  });

  it('survives a reader that left', async () => {
    const reader = new Reader();
    const output = new Output(reader, { colour: false, lossy: true });
    output.line('one');
    reader.destroy(new Error('EPIPE'));
    await expect.poll(() => output.open).toBe(false);
    output.line('two');
    expect(reader.chunks).toEqual(['one\n']);
  });

  it('drops what a slow reader does not take, and says how much', () => {
    const reader = new Reader();
    const output = new Output(reader, { colour: false, lossy: true });
    reader.stalled = true;
    const line = 'x'.repeat(limits.outputQueueBytesMax / 4);
    for (let count = 0; count < 100; count++) output.line(line);
    expect(reader.writableLength).toBeLessThan(limits.outputQueueBytesMax * 1.5);
    reader.goOn();
    output.line('next');
    expect(reader.chunks.slice(-2).join('')).toMatch(/^\.\.\. 9\d lines are not shown.*\nnext\n$/);
  });
});

describe('safeLine', () => {
  it.each([
    ['plain text, ünïcode 🎈\tand tabs', true, 'plain text, ünïcode 🎈\tand tabs'],
    ['\x1b[31mred\x1b[0m', true, '\x1b[31mred\x1b[0m\x1b[0m'],
    ['\x1b[31mred', true, '\x1b[31mred\x1b[0m'],
    ['\x1b[31mred\x1b[0m', false, 'red'],
    ['a\x1b[2Jb\x1b[1;1Hc\rd\x07e', true, 'abcde'],
    ['\x1b]0;title\x07x', true, ']0;titlex'],
    ['mm\x9b31m', true, 'mm31m'],
  ])('%j with colours %s', (text, colour, expected) => {
    expect(safeLine(text, colour)).toBe(expected);
  });
});
