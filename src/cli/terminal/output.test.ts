import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { Output } from './output.ts';

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

  it('lets nothing in a line change the terminal', () => {
    const reader = new Reader();
    new Output(reader, { colour: true }).line('a\x1b[2J\x1b]0;title\x07b\n\x1b[31mc');
    expect(reader.chunks).toEqual(['a]0;titleb\n\x1b[31mc\x1b[0m\n']);
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
