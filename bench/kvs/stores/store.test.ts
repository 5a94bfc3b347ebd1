import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { freePorts } from '../../measure/ports.ts';
import { askJson } from './asking.ts';
import { type Member, Store } from './store.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-store-test-'));
let started: Store | undefined;

afterAll(async () => {
  await started?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Answers with how often it was started, as its folder tells. */
const counting = `
  const fs = require('node:fs');
  const [port, file] = process.argv.slice(1);
  fs.appendFileSync(file, 'x');
  const starts = fs.statSync(file).size;
  require('node:http').createServer((_, response) => response.end(JSON.stringify({ starts })))
    .listen(Number(port), '127.0.0.1');`;

function member(port: number, program: string): Member {
  const ask = () => askJson(`http://127.0.0.1:${port}/`);
  return {
    address: `127.0.0.1:${port}`,
    command: (data) => ({
      program: process.execPath,
      args: ['-e', program, String(port), path.join(data, 'starts')],
    }),
    isReady: async () => 'starts' in (await ask()),
    read: async () => String((await ask()).starts),
  };
}

it('starts servers, kills one, and starts it again with its data', async () => {
  const members = (await freePorts(2)).map((port) => member(port, counting));
  started = await Store.start('counting', folder, members);
  expect(await started.read(0, '')).toBe('1');
  expect(started.cpuUs()).toBeGreaterThan(0);
  expect(started.memoryMib()).toHaveLength(2);
  expect(started.diskBytes()[1]).toBeGreaterThan(0);
  await started.kill(1);
  await expect(started.read(1, '')).rejects.toThrow();
  started.startAgain(1);
  await started.ready(1);
  expect([await started.read(0, ''), await started.read(1, '')]).toEqual(['1', '2']);
});

it('says what a server said that ended before it was ready', async () => {
  const [port] = await freePorts(1);
  const failing = Store.start('failing', folder, [member(port as number, 'throw new Error("no room")')]);
  await expect(failing).rejects.toThrow(/failing 1 of 1 ended with 1:.*no room/s);
});
