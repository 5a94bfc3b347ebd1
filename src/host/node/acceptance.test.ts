import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  clockAcceptance,
  type DiskStage,
  diskAcceptance,
  networkAcceptance,
  randomAcceptance,
  untilReal,
} from '../acceptance/index.ts';
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
    until: untilReal,
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
});
