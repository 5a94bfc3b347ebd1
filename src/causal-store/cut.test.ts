import { describe, expect, it } from 'vitest';
import { limits } from './limits.ts';
import { addressOf, Cluster, tokenOf } from './testing/cluster.ts';

/** When each link of a replica was heard again, by the address of the other side; all within a bound. */
function contactsOf(cluster: Cluster, name: string): Map<string, number> {
  const contacts = new Map<string, number>();
  const { exchange } = cluster.store(name).replica;
  cluster.until(() => {
    for (const { address, silentSinceMs } of exchange.peers) {
      if (silentSinceMs === undefined && !contacts.has(address)) contacts.set(address, cluster.nowMs);
    }
    return contacts.size === cluster.names.length - 1;
  }, 'contact');
  return contacts;
}

function cutFor(cluster: Cluster, name: string, ms: number): void {
  const cut = cluster.isolate(name);
  cluster.runFor(ms);
  cut.mend();
}

describe('after a cut', () => {
  const seeds = Array.from({ length: 8 }, (_, index) => index + 1);

  it.each(seeds)('nothing is taken before 2.5 s, and all is there after 5 s (seed %d)', (seed) => {
    const cluster = Cluster.ready(3, { seed });
    const beganMs = cluster.nowMs;
    const cut = cluster.isolate('r3');
    cluster.runFor(1_500);
    const token = tokenOf(cluster.put('r1', 'a', seed));
    cluster.runFor(seed * 500);
    cut.mend();
    const contacts = contactsOf(cluster, 'r3');
    const { table } = cluster.store('r3').replica.ledger.state;
    cluster.until(() => table.get('a') !== undefined, 'it is there');
    const takenMs = cluster.nowMs;
    expect(takenMs - Math.min(...contacts.values())).toBeGreaterThanOrEqual(2_500);
    expect(takenMs - Math.min(...contacts.values())).toBeLessThanOrEqual(5_000);
    expect(cluster.get('r3', 'a', token)).toMatchObject({ value: String(seed) });
    cluster.runFor(5_000);
    const firsts = cluster
      .eventsOf('r3', 'exchange')
      .filter(({ atMs, isFirstAfterCut }) => atMs > beganMs && isFirstAfterCut === true);
    expect(firsts.map(({ peer }) => peer).sort()).toEqual(['r1', 'r2'].map(addressOf));
    for (const { atMs, peer } of firsts) {
      const sinceMs = atMs - (contacts.get(String(peer)) ?? 0);
      expect(sinceMs).toBeGreaterThanOrEqual(2_500);
      expect(sinceMs).toBeLessThanOrEqual(5_000);
    }
  });

  it('shorter than 750 ms nothing waits', () => {
    const cluster = Cluster.ready(3);
    const cut = cluster.isolate('r3');
    cluster.put('r1', 'a', 1);
    cluster.runFor(300);
    cut.mend();
    const { table } = cluster.store('r3').replica.ledger.state;
    cluster.until(() => table.get('a') !== undefined, 'it is there', 1_000);
    expect(cluster.eventsOf('r3', 'cut')).toEqual([]);
  });

  it('a replica that stood still waits as well: it was as good as cut', () => {
    const cluster = Cluster.ready(3);
    cluster.host('r3').pause();
    cluster.runFor(1_200);
    cluster.put('r1', 'a', 1);
    cluster.host('r3').resume();
    const resumedMs = cluster.nowMs;
    const { table } = cluster.store('r3').replica.ledger.state;
    cluster.until(() => table.get('a') !== undefined, 'it is there');
    expect(cluster.nowMs - resumedMs).toBeGreaterThanOrEqual(2_500);
    expect(cluster.nowMs - resumedMs).toBeLessThanOrEqual(5_100);
  });

  it('reads and writes go on at both sides, for those whose token is covered', () => {
    const cluster = Cluster.ready(3);
    const token = tokenOf(cluster.put('r1', 'a', 1));
    cluster.untilEqual();
    cluster.isolate('r3');
    cluster.runFor(1_000);
    const mine = cluster.put('r3', 'b', 2, token);
    expect(mine).toMatchObject({ kind: 'created' });
    expect(cluster.get('r3', 'b', tokenOf(mine))).toMatchObject({ kind: 'found' });
    expect(cluster.put('r1', 'b', 3, token)).toMatchObject({ kind: 'created' });
  });
});

describe('the view', () => {
  it('loses a member within 6 s of its death, and keeps it as a member', () => {
    for (const kind of ['process', 'power'] as const) {
      const cluster = Cluster.ready(3);
      cluster.runFor(2_000);
      cluster.host('r3').crash(kind);
      const living = ['r1', 'r2'].map(addressOf);
      cluster.until(() => cluster.store('r1').view().length === 2, 'r3 is out of the view', 6_000);
      expect(cluster.store('r1').view()).toEqual(living);
      expect(cluster.store('r1').members).toBe(3);
    }
  });

  it('has a joiner within 3 s, and one that starts again', () => {
    const cluster = Cluster.ready(3);
    cluster.boot('r4', [...cluster.names, 'r4']);
    const everybody = [...cluster.names, 'r4'].map(addressOf);
    cluster.until(() => cluster.store('r1').view().includes(addressOf('r4')), 'r4 is in the view', 3_000);
    cluster.until(
      () => cluster.isUp('r4') && cluster.store('r4').view().length === 4,
      'r4 sees all',
      3_000,
    );
    expect(cluster.store('r4').view()).toEqual(everybody);
    cluster.host('r2').crash('process');
    cluster.until(() => !cluster.store('r1').view().includes(addressOf('r2')), 'r2 is out', 6_000);
    cluster.restart('r2');
    cluster.until(() => cluster.store('r1').view().includes(addressOf('r2')), 'r2 is back', 3_000);
  });

  it('has members that were named and not seen for as long as a start may take', () => {
    const cluster = new Cluster(0);
    cluster.boot('r1', ['r1', 'r2']);
    cluster.until(() => cluster.isUp('r1'), 'it is up');
    expect(cluster.store('r1').view()).toEqual(['r1', 'r2'].map(addressOf));
    cluster.runFor(limits.graceMs + 100);
    expect(cluster.store('r1').view()).toEqual([addressOf('r1')]);
  });

  it('is without what was removed by who has not heard itself of its last start', () => {
    const cluster = Cluster.ready(3);
    const cut = cluster.simulation.partition(['r1'], ['r2']);
    cluster.runFor(3_000);
    cluster.host('r1').crash('process');
    cluster.restart('r1');
    const written = tokenOf(cluster.put('r1', 'a', 1));
    cluster.until(() => cluster.get('r2', 'a', written).kind === 'found', 'r2 hears of it through r3');
    expect(cluster.changeView('r2', 'r1', false)).toEqual({ kind: 'changed' });
    cut.mend();
    cluster.runFor(20_000);
    for (const name of ['r2', 'r3']) {
      expect(cluster.store(name).view()).toEqual(['r2', 'r3'].map(addressOf));
    }
  });

  it('has in it who was away while all others came back as new nodes', () => {
    const cluster = Cluster.ready(3);
    const early = tokenOf(cluster.put('r3', 'early', 1, '', 3));
    cluster.host('r3').crash('process');
    for (const name of ['r2', 'r1']) {
      cluster.runFor(3_000);
      cluster.host(name).crash('power');
      cluster.host(name).replaceDisk();
      cluster.restart(name);
      cluster.until(() => cluster.eventsOf(name, 'snapshot-taken').length > 0, `${name} is in again`);
    }
    const late = tokenOf(cluster.put('r1', 'late', 1));
    cluster.restart('r3');
    const only = tokenOf(cluster.put('r3', 'only', 1));
    cluster.until(() => cluster.get('r3', 'late', late).kind === 'found', 'r3 is in again', 5_000);
    cluster.until(() => cluster.get('r1', 'only', only).kind === 'found', 'what r3 wrote alone is there');
    expect(cluster.get('r1', 'early', early).kind).toBe('found');
    cluster.untilEqual();
    expect(cluster.store('r3').view()).toEqual(['r1', 'r2', 'r3'].map(addressOf));
  });

  it('has in it who came by way of a removed one first', () => {
    const cluster = Cluster.ready(3, { seed: 2 });
    cluster.runFor(2_000);
    cluster.changeView('r2', 'r1', false);
    cluster.until(() => cluster.eventsOf('r1', 'fenced').length > 0, 'r1 is told');
    const written = tokenOf(cluster.put('r2', 'a', 1));
    cluster.boot('r4', ['r1', 'r2', 'r3', 'r4']);
    cluster.until(() => cluster.isUp('r4'), 'r4 is up');
    cluster.until(() => cluster.get('r4', 'a', written).kind === 'found', 'r4 has what the members have');
    expect(cluster.store('r3').view()).toEqual(['r2', 'r3', 'r4'].map(addressOf));
  });

  it('is without what an operator removed, whatever it says, until it is named again', () => {
    const cluster = Cluster.ready(3);
    expect(cluster.changeView('r1', 'r3', false)).toEqual({ kind: 'changed' });
    expect(cluster.changeView('r1', 'r3', false)).toEqual({ kind: 'unchanged' });
    cluster.until(() => cluster.eventsOf('r3', 'fenced').length > 0, 'r3 is told');
    const written = cluster.put('r3', 'a', 1);
    cluster.runFor(30_000);
    expect(cluster.store('r2').view()).toEqual(['r1', 'r2'].map(addressOf));
    // Each of the others says so each time it is dialled: that is reported once in a while.
    expect(cluster.eventsOf('r3', 'fenced').length).toBe(2);
    expect(cluster.get('r2', 'a', tokenOf(written))).toEqual({ kind: 'uncovered' });
    expect(cluster.changeView('r2', 'r3', true)).toEqual({ kind: 'changed' });
    cluster.until(() => cluster.get('r2', 'a', tokenOf(written)).kind === 'found', 'its write is back');
    expect(cluster.store('r1').view()).toEqual(['r1', 'r2', 'r3'].map(addressOf));
  });
});

it('a cut leaves nothing different behind', () => {
  const cluster = Cluster.ready(3);
  cutFor(cluster, 'r2', 3_000);
  cluster.put('r2', 'a', 1);
  cluster.untilEqual();
  expect(new Set(cluster.names.map((name) => cluster.get(name, 'a').kind))).toEqual(new Set(['found']));
});

it('a removal that not all have heard of lets nobody forget what the removed one may still undo', () => {
  const cluster = Cluster.ready(3, { seed: 2 });
  cluster.put('r1', 'k', 'old');
  cluster.untilEqual();
  const alone = cluster.isolate('r3');
  cluster.runFor(3_000);
  cluster.put('r3', 'k', 'only there');
  cluster.runFor(2_000);
  cluster.delete('r1', 'k');
  cluster.runFor(8_000);
  alone.mend();
  // r2 takes what r3 wrote, which loses; r1 does not hear of it, and removes r3.
  const cut = cluster.simulation.partition(['r1'], ['r2', 'r3']);
  cluster.runFor(10_000);
  expect(cluster.changeView('r1', 'r3', false)).toEqual({ kind: 'changed' });
  cluster.runFor(2_000);
  expect(cluster.tombstonesOf('r1')).toBe(1);
  cut.mend();
  cluster.untilEqual(['r1', 'r2']);
  for (const name of ['r1', 'r2']) expect(cluster.get(name, 'k').kind).toBe('absent');
  cluster.until(() => cluster.tombstonesOf('r1') + cluster.tombstonesOf('r2') === 0, 'it is forgotten');
});
