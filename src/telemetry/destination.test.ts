import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDestination } from './destination.ts';
import { limits } from './limits.ts';

const logModule = new URL('./log.ts', import.meta.url).href;

/** A process that runs `code` with a logger to its standard output, which nobody reads yet. */
function start(code: string, format = 'text') {
  const script = `
    const { createLogger } = await import(${JSON.stringify(logModule)});
    const log = createLogger({ format: '${format}', level: 'info', service: 'A' });
    ${code}`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** How many lines were lost, by the lines that tell of it. */
function droppedIn(text: string): number {
  return [...text.matchAll(/count=(\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) text += chunk;
  return text;
}

describe.each(['text', 'json'])('standard output, %s', (format) => {
  it('gets every line of a process that exits at once', async () => {
    const child = start(`for (let n = 0; n < 2000; n++) log.info({ n }); process.exit(3);`, format);
    const lines = (await textOf(child.stdout)).trimEnd().split('\n');
    expect(lines).toHaveLength(2000);
    expect(lines.at(-1)).toMatch(/n"?[=:]1999/);
  });

  it('gets the last line of a process that crashes', async () => {
    const child = start(`log.info({ n: 1 }); log.fatal({ n: 2 }); throw new Error('bug');`, format);
    const text = await textOf(child.stdout);
    expect(text).toMatch(/n"?[=:]1/);
    expect(text).toMatch(/FATAL/);
  });
});

describe('standard output', () => {
  it('that nobody reads neither blocks nor grows, and says afterwards what was lost', async () => {
    const child = start(`
      const line = { msg: 'x'.repeat(1000) };
      for (let n = 0; n < 20_000; n++) log.info(line);
      // Short ones leave no room for the line about those that were lost.
      for (let n = 0; n < 1_000; n++) log.info({ n });
      const turned = await new Promise((resolve) => setTimeout(resolve, 1, 'turned'));
      process.stderr.write(turned + '\\n');
      await log.flush();
      log.info('read again');
      await log.flush();
    `);
    const [first] = await once(child.stderr, 'data');
    expect(String(first)).toBe('turned\n');
    const text = await textOf(child.stdout);
    expect(text.length).toBeGreaterThan(limits.logWaitingCharsMax / 2);
    expect(text.length).toBeLessThan(limits.logWaitingCharsMax * 2);
    expect(text).toMatch(/WARN service=A error="Log lines were dropped[^"]*" count=\d+/);
    const written = text.match(/INFO.*(x{1000}"|n=\d+)$/gm)?.length ?? 0;
    expect(written + droppedIn(text)).toBe(21_000);
  });

  it('that nobody reads does not keep the process from ending', async () => {
    const child = start(`
      for (let n = 0; n < 2000; n++) log.info({ msg: 'x'.repeat(1000) });
      setImmediate(() => process.exit(3));
    `);
    const [code] = await once(child, 'exit');
    expect(code).toBe(3);
  });

  it('whose reader is gone does not keep the process from running and ending', async () => {
    const child = start(`
      process.stdin.resume?.();
      for (let n = 0; n < 20; n++) {
        log.info({ n });
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      log.fatal({ n: 'last' });
      process.exit(3);
    `);
    child.stdout.destroy();
    const [code] = await once(child, 'exit');
    expect(code).toBe(3);
  });
});

describe('a file', () => {
  it('holds the lines in their order', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-log-'));
    const file = path.join(folder, 'log');
    const destination = openDestination(openSync(file, 'w'));
    for (let n = 0; n < 1000; n++) destination.write(`${n} ${'é'.repeat(n % 50)}\n`);
    await destination.flush();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => Number.parseInt(line, 10))).toEqual(
      Array.from({ length: 1000 }, (_, n) => n),
    );
    rmSync(folder, { recursive: true });
  });

  it.runIf(existsSync('/dev/full'))(
    'on a full disk counts each line, also when the disk fills again',
    async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-log-'));
      const file = path.join(folder, 'log');
      const fd = openSync('/dev/full', 'w');
      const become = (name: string) => {
        closeSync(fd);
        expect(openSync(name, 'a')).toBe(fd);
      };
      const destination = openDestination(fd);
      let reports = 0;
      destination.onDropped = (count) => {
        reports += 1;
        if (reports === 1) become('/dev/full');
        destination.write(`lost ${count}\n`);
      };
      for (const line of ['1\n', '2\n', '3\n', '4\n']) destination.write(line);
      await destination.flush();
      become(file);
      destination.write('5\n');
      await destination.flush();
      become(file);
      destination.write('6\n');
      await destination.flush();
      expect(readFileSync(file, 'utf8')).toBe('5\n6\nlost 4\n');
      rmSync(folder, { recursive: true });
    },
  );
});
