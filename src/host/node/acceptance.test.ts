import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  clockAcceptance,
  type DiskStage,
  diskAcceptance,
  networkAcceptance,
  randomAcceptance,
  untilReal,
} from '../acceptance/index.ts';
import type { DiskOutcome } from '../index.ts';
import { nodeHost } from './index.ts';

const host = nodeHost({ faultsAllowed: true });

clockAcceptance('Node', () => ({ clock: host.clock, until: untilReal }));

randomAcceptance('Node', () => host.random);

networkAcceptance('Node', () => ({
  server: host.network,
  client: host.network,
  host: '127.0.0.1',
  // A name that no resolver has to be asked for.
  nowhere: { host: 'no host', port: 80 },
  until: untilReal,
}));

diskAcceptance('Node', (): DiskStage => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-disk-'));
  return {
    disk: host.disk,
    folder,
    faults: host.faults,
    until: untilReal,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});

it.runIf(process.platform === 'linux')(
  'a folder that cannot be made is said to be none, in /proc too',
  async () => {
    const made = await new Promise<DiskOutcome<void>>((done) =>
      host.disk.makeDirectory('/proc/none/at/all', done),
    );
    expect(made).toMatchObject({ ok: false, failure: { kind: 'not-found' } });
  },
);
