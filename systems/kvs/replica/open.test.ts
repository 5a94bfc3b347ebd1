import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CausalStore, StoreAnswer } from 'holdfast/causal-store';
import type { Disk, DiskFile, Host } from 'holdfast/host';
import { nodeHost } from 'holdfast/host/node';
import { parseEnvironment } from 'holdfast/service';
import { createLogger } from 'holdfast/telemetry';
import { afterEach, expect, it } from 'vitest';
import { readEnvironment } from './environment.ts';
import { openStore } from './open.ts';

let folder: string;

afterEach(() => rm(folder, { recursive: true, force: true }));

/** The real disk, which from a moment on fails every write, as a broken one does. */
class BreakingDisk {
  isBroken = false;
  readonly disk: Disk;

  constructor(disk: Disk) {
    const wrap = (file: DiskFile): DiskFile => ({
      size: (done) => file.size(done),
      read: (position, length, done) => file.read(position, length, done),
      truncate: (length, done) => file.truncate(length, done),
      sync: (done) => file.sync(done),
      close: (done) => file.close(done),
      write: (position, bytes, done) => {
        if (!this.isBroken) file.write(position, bytes, done);
        else
          setImmediate(() => done({ ok: false, failure: { kind: 'io', message: 'Input/output error.' } }));
      },
    });
    this.disk = {
      makeDirectory: (at, done) => disk.makeDirectory(at, done),
      list: (at, done) => disk.list(at, done),
      open: (at, options, done) =>
        disk.open(at, options, (opened) =>
          done(opened.ok ? { ok: true, value: wrap(opened.value) } : opened),
        ),
      rename: (from, to, done) => disk.rename(from, to, done),
      remove: (at, done) => disk.remove(at, done),
      syncDirectory: (at, done) => disk.syncDirectory(at, done),
      lock: (at, done) => disk.lock(at, done),
    };
  }
}

interface Opened {
  readonly store: CausalStore;
  readonly lines: readonly string[];
  /** Resolves when the process would have ended. */
  readonly ended: Promise<void>;
}

async function open(host: Host): Promise<Opened> {
  const lines: string[] = [];
  const ended = Promise.withResolvers<void>();
  const write = (line: string): void => void lines.push(line);
  const log = createLogger({ format: 'text', level: 'info', service: 'kvs', write });
  const environment = readEnvironment({ DATA_DIR: folder });
  const { mode } = environment;
  if (mode.kind === 'proxy') throw new Error('It is one store.');
  const context = { host, log, env: parseEnvironment({}) } as Parameters<typeof openStore>[0]['context'];
  const store = await openStore({ environment, mode, context, end: ended.resolve });
  return { store, lines, ended: ended.promise };
}

it('a disk that breaks ends the process, says so, and acknowledges nothing more', async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'holdfast-kvs-'));
  const breaking = new BreakingDisk(nodeHost({ faultsAllowed: false }).disk);
  const { store, lines, ended } = await open({
    ...nodeHost({ faultsAllowed: false }),
    disk: breaking.disk,
  });
  const write = (value: string, done: (answer: StoreAnswer) => void): void =>
    store.put({ key: 'k', value, token: '' }, done);
  const first = await new Promise<StoreAnswer>((answered) => write('1', answered));
  expect(first.kind).toBe('created');
  breaking.isBroken = true;
  const answers: StoreAnswer[] = [];
  write('2', (answer) => answers.push(answer));
  await ended;
  write('3', (answer) => answers.push(answer));
  expect(lines.at(-1)).toMatch(
    /FATAL .*The journal can no longer be trusted: .*Input\/output error\. It is read/,
  );
  expect(answers.filter(({ kind }) => kind !== 'refused')).toEqual([]);
  await new Promise<void>((closed) => store.close(closed));
});
