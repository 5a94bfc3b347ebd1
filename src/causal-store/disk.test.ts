import { describe, expect, it } from 'vitest';
import { calm } from '../simulator/index.ts';
import { limits } from './limits.ts';
import { Cluster, tokenOf } from './testing/cluster.ts';

/** A file of a replica, as text; undefined when there is none. */
function fileOf(cluster: Cluster, name: string, path: string): string | undefined {
  let text: string | undefined;
  let isRead = false;
  const { disk } = cluster.host(name);
  disk.open(path, { create: false }, (opened) => {
    if (!opened.ok) {
      isRead = true;
      return;
    }
    opened.value.read(0, 100_000, (read) => {
      text = read.ok ? Buffer.from(read.value).toString() : undefined;
      opened.value.close(() => {
        isRead = true;
      });
    });
  });
  cluster.until(() => isRead, `the file ${path}`);
  return text;
}

function namesIn(cluster: Cluster, name: string, folder: string): readonly string[] {
  let names: readonly string[] | undefined;
  cluster.host(name).disk.list(folder, (listed) => {
    names = listed.ok ? listed.value : [];
  });
  cluster.until(() => names !== undefined, 'the names');
  return names ?? [];
}

function removeFile(cluster: Cluster, name: string, path: string): void {
  let isGone = false;
  const { disk } = cluster.host(name);
  disk.remove(path, () =>
    disk.syncDirectory('/data', (synced) => {
      isGone = synced.ok;
    }),
  );
  cluster.until(() => isGone, `the file ${path} is removed`);
}

const journalBytesMin = 1024 * 1024;

/** A store of its own whose journal is cut short early. */
function shortLived(): Cluster {
  const store = { members: [], segmentBytes: 8 * 1024 * 1024, buffers: { journalBytesMin } };
  const cluster = new Cluster(1, { store });
  cluster.until(() => cluster.isUp('r1'), 'it is up');
  return cluster;
}

/** So many keys, each with a third of what a journal must have to be cut short; a while passes with each. */
function writeKeys(cluster: Cluster, keys: number, word: string): void {
  for (let key = 0; key < keys; key++) {
    cluster.put('r1', `k${key}`, word.padEnd(journalBytesMin / 3, 'x'));
    cluster.runFor(1_500);
  }
}

describe('a full disk', () => {
  it('refuses writes and goes on reading, and takes both again when there is room', () => {
    const cluster = Cluster.ready(3);
    cluster.put('r1', 'a', 1);
    cluster.untilEqual();
    cluster.host('r3').setDiskFull(true);
    const long = 'x'.repeat(20_000);
    cluster.until(() => {
      cluster.store('r3').put({ key: 'b', value: JSON.stringify(long), token: '' }, () => {});
      cluster.runFor(5);
      return cluster.put('r3', 'c', 1).kind === 'refused';
    }, 'it refuses');
    expect(cluster.put('r3', 'c', 1)).toEqual({ kind: 'refused', why: 'full' });
    expect(cluster.changeView('r3', 'r1', false)).toEqual({ kind: 'refused', why: 'full' });
    expect(cluster.get('r3', 'a')).toMatchObject({ kind: 'found' });
    const meanwhile = tokenOf(cluster.put('r1', 'd', 4));
    cluster.runFor(5_000);
    cluster.host('r3').setDiskFull(false);
    cluster.until(() => cluster.put('r3', 'c', 1).kind !== 'refused', 'it writes again', 10_000);
    cluster.until(() => cluster.get('r3', 'd', meanwhile).kind === 'found', 'it takes from peers again');
    cluster.untilEqual();
  });
});

describe('a journal', () => {
  it('gives all back after a restart, in any kind of end', () => {
    const cluster = Cluster.ready(1);
    for (const kind of ['process', 'power'] as const) {
      for (let index = 0; index < 20; index++) cluster.put('r1', `k${index}`, `${kind} ${index}`);
      cluster.delete('r1', 'k3');
      cluster.host('r1').crash(kind);
      cluster.restart('r1');
      expect(cluster.get('r1', 'k7')).toMatchObject({ value: `"${kind} 7"` });
      expect(cluster.get('r1', 'k3')).toMatchObject({ kind: 'absent' });
    }
  });

  it('is cut short by a snapshot once it has grown enough, and a start reads that', () => {
    const cluster = shortLived();
    writeKeys(cluster, 5, 'first');
    expect(cluster.eventsOf('r1', 'snapshot')).toMatchObject([{ bytes: expect.any(Number) }]);
    const token = tokenOf(cluster.put('r1', 'behind', 'it'));
    cluster.host('r1').crash('power');
    cluster.restart('r1');
    expect(cluster.get('r1', 'behind', token)).toMatchObject({ value: '"it"' });
    expect(cluster.get('r1', 'k0')).toMatchObject({ value: expect.stringMatching(/^"first/) });
    expect(cluster.store('r1').page('', undefined, 10).keys).toEqual([
      'behind',
      'k0',
      'k1',
      'k2',
      'k3',
      'k4',
    ]);
  });

  it('is cut short again once it has twice what its snapshot has, also after a start', () => {
    const cluster = shortLived();
    writeKeys(cluster, 20, 'first');
    const before = cluster.eventsOf('r1', 'snapshot');
    expect(before.at(-1)?.bytes).toBeGreaterThan(2 * journalBytesMin);
    cluster.host('r1').crash('power');
    cluster.restart('r1');
    writeKeys(cluster, 5, 'second');
    expect(cluster.eventsOf('r1', 'snapshot').length).toBe(before.length);
    writeKeys(cluster, 10, 'third');
    expect(cluster.eventsOf('r1', 'snapshot').length).toBe(before.length + 1);
  });

  it('that cannot be cut short is tried again only after a while', () => {
    const cluster = shortLived();
    cluster.host('r1').setDiskFull(true);
    writeKeys(cluster, 4, 'more');
    cluster.runFor(limits.shortenRetryMs - 5_000);
    expect(cluster.eventsOf('r1', 'journal-snapshot-failed').length).toBe(1);
    cluster.host('r1').setDiskFull(false);
    cluster.runFor(10_000);
    expect(cluster.eventsOf('r1', 'snapshot').length).toBe(1);
  });

  it('that is cut short while a key is deleted has the delete, and forgets it afterwards', () => {
    const store = { members: [], segmentBytes: 64 * 1024 * 1024, buffers: { journalBytesMin: 15_000_000 } };
    const profile = { ...calm, disk: { ...calm.disk, latencyMsMin: 80, latencyMsMax: 80 } };
    const cluster = new Cluster(1, { store, profile });
    cluster.until(() => cluster.isUp('r1'), 'it is up');
    for (let key = 0; key < 200; key++) cluster.put('r1', `k${key}`, 'x'.repeat(80_000));
    cluster.runFor(1_200);
    expect(cluster.eventsOf('r1', 'snapshot')).toEqual([]);
    expect(cluster.delete('r1', 'k0').kind).toBe('deleted');
    cluster.until(() => cluster.eventsOf('r1', 'snapshot').length === 1, 'it is cut short', 60_000);
    cluster.until(() => cluster.tombstonesOf('r1') === 0, 'the delete is forgotten', 5_000);
    cluster.host('r1').crash('process');
    cluster.restart('r1');
    expect(cluster.get('r1', 'k0').kind).toBe('absent');
  });

  it('that was damaged gets back from the peers what they have', () => {
    const cluster = Cluster.ready(3);
    const token = tokenOf(cluster.put('r1', 'a', 1, '', 3));
    cluster.host('r3').crash('power');
    cluster.host('r3').replaceDisk();
    cluster.restart('r3');
    cluster.until(() => cluster.get('r3', 'a', token).kind === 'found', 'it is back');
    cluster.untilEqual();
  });
});

describe('what is set aside', () => {
  it('is in a file of its own, a line for each write, also after the next start', () => {
    const cluster = Cluster.ready(3);
    cluster.put('r1', 'a', 1);
    cluster.untilEqual();
    const cut = cluster.isolate('r3');
    cluster.runFor(1_000);
    cluster.put('r3', 'a', 'mine');
    cluster.runFor(100);
    cluster.changeView('r1', 'r3', false);
    cluster.delete('r1', 'a');
    cluster.until(() => cluster.tombstonesOf('r1') + cluster.tombstonesOf('r2') === 0, 'forgotten');
    cut.mend();
    cluster.until(() => cluster.eventsOf('r3', 'fenced').length > 0, 'r3 is told');
    cluster.changeView('r1', 'r3', true);
    cluster.until(() => cluster.eventsOf('r3', 'quarantined').length > 0, 'it is set aside');
    cluster.untilEqual();
    const { origin } = cluster.store('r3').replica.ledger.own;
    cluster.runFor(1_000);
    const [file] = namesIn(cluster, 'r3', '/data').filter((name) => name.startsWith('quarantine-'));
    expect(file).toBe(`quarantine-${origin}.jsonl`);
    const before = fileOf(cluster, 'r3', `/data/${file}`);
    expect(before?.split('\n').map((line) => line && JSON.parse(line))).toMatchObject([
      { key: 'a', value: '"mine"' },
      '',
    ]);
    // Once it is there it is the reader's: a start does not bring it back.
    removeFile(cluster, 'r3', `/data/${file}`);
    cluster.host('r3').crash('power');
    cluster.restart('r3');
    cluster.runFor(1_000);
    expect(namesIn(cluster, 'r3', '/data').filter((name) => name.startsWith('quarantine-'))).toEqual([]);
    expect(cluster.get('r3', 'a')).toMatchObject({ kind: 'absent' });
  });
});
