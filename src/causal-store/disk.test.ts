import { describe, expect, it } from 'vitest';
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

  it('is cut short by a snapshot once it has grown enough, and a start reads that', {
    timeout: 120_000,
  }, () => {
    const cluster = new Cluster(1, { store: { members: [], segmentBytes: 8 * 1024 * 1024 } });
    cluster.until(() => cluster.isUp('r1'), 'it is up');
    const value = 'x'.repeat(1_000_000);
    const writes = Math.ceil(limits.journalBytesMin / value.length) + 1;
    for (let count = 0; count < writes; count++) cluster.put('r1', `k${count % 3}`, `${count}${value}`);
    const token = tokenOf(cluster.put('r1', 'last', 'word'));
    cluster.until(() => cluster.eventsOf('r1', 'snapshot').length > 0, 'a snapshot', 30_000);
    const [snapshot] = cluster.eventsOf('r1', 'snapshot');
    expect(snapshot?.bytes).toBeLessThan(4_000_000);
    cluster.put('r1', 'behind', 'it');
    cluster.host('r1').crash('power');
    cluster.restart('r1');
    expect(cluster.get('r1', 'last', token)).toMatchObject({ value: '"word"' });
    expect(cluster.get('r1', 'behind')).toMatchObject({ value: '"it"' });
    expect(cluster.store('r1').page('', undefined, 10).keys).toEqual(['behind', 'k0', 'k1', 'k2', 'last']);
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
    cluster.host('r3').crash('power');
    cluster.restart('r3');
    cluster.runFor(1_000);
    expect(fileOf(cluster, 'r3', `/data/${file}`)).toBe(before);
    expect(cluster.get('r3', 'a')).toMatchObject({ kind: 'absent' });
  });
});
