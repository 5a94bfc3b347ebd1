import { describe, expect, it } from 'vitest';
import type { LinkStream, StreamHandlers } from './index.ts';
import { bytesOf, textOf } from './testing/process.ts';
import { type LinkStage, linked } from './testing/stage.ts';
import { stages } from './testing/stages.ts';

/** One end of a stream that writes down what happens. */
class End implements StreamHandlers {
  readonly log: string[] = [];
  receivedBytes = 0;
  sum = 0;
  stream: LinkStream | undefined;
  /** Consumes what it gets. */
  eager = true;
  onWritable: () => void = () => {};

  data(bytes: Uint8Array): void {
    for (const byte of bytes) this.sum = (this.sum * 31 + byte) >>> 0;
    this.receivedBytes += bytes.length;
    if (this.eager) this.stream?.consumed(bytes.length);
  }

  writable(): void {
    this.onWritable();
  }

  ended(): void {
    this.log.push('ended');
  }

  closed(reason?: string): void {
    this.log.push(reason === undefined ? 'closed' : `closed: ${reason}`);
  }
}

async function streaming(
  stage: LinkStage,
  limits: { readonly streamWindowBytes?: number; readonly streamsServedMax?: number } = {},
): Promise<{ a: End; b: End; open: () => End; logs: readonly [string[], string[]]; close: () => void }> {
  const ends: End[] = [];
  const [left, right] = await linked(
    stage,
    {},
    {
      limits,
      listener: {
        stream: (_link, kind, payload, stream) => {
          if (kind === 0) return undefined;
          expect(textOf(payload)).toBe('of bytes');
          const end = new End();
          end.stream = stream;
          ends.push(end);
          return end;
        },
      },
    },
  );
  const open = (): End => {
    const end = new End();
    end.stream = left.connect(right).openStream(1, bytesOf('of bytes'), end);
    return end;
  };
  const a = open();
  await stage.until(() => ends.length === 1, 'it is open');
  const close = (): void => right.close();
  return { a, b: ends[0] as End, open, logs: [left.log, right.log], close };
}

function pump(end: End, totalBytes: number): void {
  let written = 0;
  const go = (): void => {
    while (written < totalBytes) {
      const bytes = new Uint8Array(Math.min(100_000, totalBytes - written)).fill(written / 1000);
      if (!end.stream?.write(bytes)) return;
      written += bytes.length;
    }
    end.stream?.end();
  };
  end.onWritable = go;
  go();
}

/** What `pump` writes, as `End` adds it up. */
function sumOf(totalBytes: number): number {
  const end = new End();
  end.eager = false;
  const write = (bytes: Uint8Array): boolean => {
    end.data(bytes);
    return true;
  };
  end.stream = { write, end: () => {} } as unknown as LinkStream;
  pump(end, totalBytes);
  return end.sum;
}

describe.each(stages)('streams: %s', (_name, make: () => LinkStage) => {
  it('carry megabytes both ways at once, and end', async () => {
    const stage = make();
    const { a, b } = await streaming(stage);
    pump(a, 5_000_000);
    pump(b, 3_000_000);
    await stage.until(() => a.log.includes('closed') && b.log.includes('closed'), 'both have ended');
    expect([a.receivedBytes, b.receivedBytes]).toEqual([3_000_000, 5_000_000]);
    expect([a.sum, b.sum]).toEqual([sumOf(3_000_000), sumOf(5_000_000)]);
    expect([a.log, b.log]).toEqual([
      ['ended', 'closed'],
      ['ended', 'closed'],
    ]);
    expect(a.stream?.write(new Uint8Array(1))).toBe(false);
    await stage.close?.();
  });

  it('wait for a slow reader, and nothing else waits for them', async () => {
    const stage = make();
    const { a, b, open, logs } = await streaming(stage, { streamWindowBytes: 10_000 });
    b.eager = false;
    pump(a, 1_000_000);
    await stage.until(() => b.receivedBytes === 10_000, 'the window is used up');
    const other = open();
    pump(other, 300_000);
    await stage.until(() => other.log.length === 0 && b.receivedBytes === 10_000, 'it waits');
    await stage.pass(2500);
    expect(b.receivedBytes).toBe(10_000);
    // Heartbeats have passed, or it would have been called dead.
    expect(logs.flat().filter((line) => line.startsWith('down'))).toEqual([]);
    other.stream?.reset('enough');
    b.stream?.consumed(4000);
    await stage.until(() => b.receivedBytes === 14_000, 'it goes on');
    b.eager = true;
    b.stream?.consumed(10_000);
    await stage.until(() => b.log.includes('ended'), 'all has come');
    expect(b.receivedBytes).toBe(1_000_000);
    expect(b.sum).toBe(sumOf(1_000_000));
    await stage.close?.();
  });

  it('are reset with a reason, by either side', async () => {
    const stage = make();
    const { a, b, open } = await streaming(stage);
    a.stream?.write(new Uint8Array(500_000));
    b.stream?.reset('too much');
    expect(b.log).toEqual([]);
    await stage.until(() => a.log.length > 0 && b.log.length > 0, 'both know');
    expect([a.log, b.log]).toEqual([['closed: too much'], ['closed: too much']]);
    const other = open();
    other.stream?.reset('changed my mind');
    await stage.until(() => other.log.length > 0, 'it knows');
    expect(other.log).toEqual(['closed: changed my mind']);
    await stage.close?.();
  });

  it('end with the link', async () => {
    const stage = make();
    const { a, b, close, logs } = await streaming(stage);
    a.stream?.end();
    await stage.until(() => b.log.includes('ended'), 'one direction has ended');
    close();
    await stage.until(
      () => logs[0].includes('down closed') && logs[1].includes('down closed'),
      'it is down',
    );
    expect(a.log).toEqual(['closed: The peer has closed the link.']);
    expect(b.log).toEqual(['ended', 'closed: The link was closed here.']);
    await stage.close?.();
  });

  it('are refused by who does not take them, and beyond the bound', async () => {
    const stage = make();
    const { a, open } = await streaming(stage, { streamsServedMax: 2 });
    const link = a.stream?.link;
    const refused = new End();
    link?.openStream(0, bytesOf(''), refused);
    await stage.until(() => refused.log.length > 0, 'it is refused');
    expect(refused.log).toEqual(['closed: Nobody takes this stream.']);
    const [second, third] = [open(), open()];
    await stage.until(() => third.log.length > 0, 'it is refused');
    expect(third.log).toEqual(['closed: Too many streams are open.']);
    second.stream?.reset('');
    await stage.until(() => second.log.length > 0, 'it is closed');
    const again = open();
    again.stream?.write(bytesOf('x'));
    await stage.pass(20);
    expect(again.log).toEqual([]);
    await stage.close?.();
  });

  it('let messages pass in between', async () => {
    const stage = make();
    const { a, b, logs } = await streaming(stage, { streamWindowBytes: 4_000_000 });
    pump(a, 4_000_000);
    a.stream?.link.send(7, bytesOf('urgent'));
    let before = -1;
    await stage.until(() => {
      if (before < 0 && logs[1].includes('7 urgent')) before = b.receivedBytes;
      return b.log.includes('ended');
    }, 'all has come');
    expect(before).toBeLessThan(4_000_000);
    await stage.close?.();
  });
});
