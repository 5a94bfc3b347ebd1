import { describe, expect, it } from 'vitest';
import { createSimulation } from '../simulator/index.ts';
import { type CausalStore, openCausalStore, type StoreAnswer } from './index.ts';
import { limits } from './limits.ts';
import { Cluster, tokenOf } from './testing/cluster.ts';
import { id } from './testing/records.ts';
import { encodeToken } from './token.ts';

/** How long a request takes, and its answer. */
function timed(cluster: Cluster, ask: () => StoreAnswer): { ms: number; answer: StoreAnswer } {
  const beganMs = cluster.nowMs;
  const answer = ask();
  return { ms: cluster.nowMs - beganMs, answer };
}

describe('a store of three replicas', () => {
  it('shows everywhere what was written anywhere', () => {
    const cluster = Cluster.ready(3);
    const written = cluster.put('r1', 'a', { n: 1 });
    expect(written).toMatchObject({ kind: 'created', isReplicated: true });
    const token = tokenOf(written);
    for (const name of cluster.names) {
      cluster.until(() => cluster.get(name, 'a', token).kind === 'found', `${name} has it`);
      expect(cluster.get(name, 'a', token)).toEqual({ kind: 'found', value: '{"n":1}', token });
    }
    expect(cluster.put('r2', 'a', 2, token)).toMatchObject({ kind: 'replaced' });
    const deleted = cluster.delete('r2', 'a', token);
    expect(deleted).toMatchObject({ kind: 'deleted' });
    expect(cluster.delete('r2', 'a', tokenOf(deleted))).toMatchObject({ kind: 'absent' });
    expect(cluster.get('r2', 'a', tokenOf(deleted))).toMatchObject({ kind: 'absent' });
  });

  it('lists keys by prefix, page by page', () => {
    const cluster = Cluster.ready(3);
    for (const key of ['b/1', 'a/2', 'a/1', 'a/3', 'c']) cluster.put('r1', key, 0);
    cluster.delete('r1', 'a/3', '');
    const store = cluster.store('r1');
    expect(store.page('a/', undefined, 1)).toEqual({ keys: ['a/1'], more: true });
    expect(store.page('a/', 'a/1', 10)).toEqual({ keys: ['a/2'], more: false });
    expect(store.page('', undefined, 10).keys).toEqual(['a/1', 'a/2', 'b/1', 'c']);
  });

  it('waits 50 ms for what a token names, then says that it has not come', () => {
    const cluster = Cluster.ready(3);
    const cut = cluster.isolate('r3');
    const token = tokenOf(cluster.put('r1', 'a', 1));
    for (const ask of [
      () => cluster.get('r3', 'a', token),
      () => cluster.put('r3', 'a', 2, token),
      () => cluster.delete('r3', 'a', token),
    ]) {
      const { ms, answer } = timed(cluster, ask);
      expect(answer).toEqual({ kind: 'uncovered' });
      expect(ms).toBeGreaterThan(limits.causalWaitMs - 0.001);
      expect(ms).toBeLessThan(limits.causalWaitMs + 5);
    }
    cut.mend();
    let late: StoreAnswer | undefined;
    cluster.until(() => cluster.store('r3').replica.ledger.state.table.get('a') !== undefined, 'it comes');
    cluster.store('r3').get({ key: 'a', token }, (answer) => {
      late = answer;
    });
    expect(late).toMatchObject({ kind: 'found', value: '1' });
  });

  it('goes on with those that wait as soon as it has come', () => {
    const cluster = Cluster.ready(3);
    cluster.simulation.clog('r1', 'r3', 30);
    const token = tokenOf(cluster.put('r1', 'a', 1));
    const { ms, answer } = timed(cluster, () => cluster.get('r3', 'a', token));
    expect(answer).toMatchObject({ kind: 'found', value: '1' });
    expect(ms).toBeGreaterThan(5);
    expect(ms).toBeLessThan(limits.causalWaitMs);
  });

  it('serves nobody whose token is forged, however large, and throws nothing', () => {
    const cluster = Cluster.ready(3);
    cluster.put('r1', 'a', 1);
    const dots = Array.from({ length: limits.tokenEntriesMax }, (_, index) => ({
      origin: index.toString(16).padStart(16, '0'),
      sequence: 2 ** 52,
    }));
    const large = encodeToken(0, dots);
    expect(timed(cluster, () => cluster.get('r1', 'a', large))).toMatchObject({
      answer: { kind: 'uncovered' },
    });
    const stampBefore = cluster.store('r1').replica.ledger.state.stampMax;
    for (const token of ['x', 'A'.repeat(1024 * 1024), `${large}AA`, encodeToken(9, dots.slice(0, 2))]) {
      const { ms, answer } = timed(cluster, () => cluster.put('r1', 'a', 2, token));
      expect([answer, ms]).toEqual([{ kind: 'uncovered' }, 0]);
    }
    expect(cluster.store('r1').replica.ledger.state.stampMax).toBe(stampBefore);
    expect(cluster.get('r1', 'a')).toMatchObject({ value: '1' });
    expect(cluster.get('r1', 'a', encodeToken(0, [{ origin: id('0'), sequence: 1 }]))).toEqual({
      kind: 'uncovered',
    });
  });

  it('refuses replicas that could never be dialled', () => {
    const store = Cluster.ready(1).store('r1');
    expect(() => store.changeView('r 2:8090', true, () => {})).toThrow(/host:port/);
    expect(store.members).toBe(1);
  });

  it('refuses keys and values that are too long, before anything happens', () => {
    const store = Cluster.ready(1).store('r1');
    const ignore = (): void => {};
    const longKey = 'k'.repeat(limits.keyCharactersMax + 1);
    const longValue = JSON.stringify('v'.repeat(limits.valueCharactersMax));
    expect(() => store.put({ key: longKey, token: '', value: '1' }, ignore)).toThrow(/at most/);
    expect(() => store.put({ key: 'k', token: '', value: longValue }, ignore)).toThrow(/at most/);
    expect(() => store.delete({ key: longKey, token: '' }, ignore)).toThrow(/at most/);
    expect(() => store.put({ key: 'k\ud800', token: '', value: '1' }, ignore)).toThrow(/half a character/);
    expect(() => store.put({ key: 'k', token: '', value: '"\udc00"' }, ignore)).toThrow(/half a character/);
    expect(() => store.delete({ key: '\ud83d', token: '' }, ignore)).toThrow(/half a character/);
  });
});

describe('copies', () => {
  it('are confirmed once so many disks have the write', () => {
    const cluster = Cluster.ready(3);
    for (const copies of [1, 2, 3]) {
      expect(cluster.put('r1', 'a', copies, '', copies)).toMatchObject({ isReplicated: true });
    }
    for (const name of ['r2', 'r3']) cluster.host(name).crash('power');
    cluster.restart('r2');
    expect(cluster.get('r2', 'a')).toMatchObject({ kind: 'found', value: '3' });
  });

  it('that are not confirmed in time are said to be unconfirmed, and the write stays', () => {
    const cluster = Cluster.ready(3);
    const cut = cluster.isolate('r1');
    const { ms, answer } = timed(cluster, () => cluster.put('r1', 'a', 1, '', 2));
    expect(answer).toMatchObject({ kind: 'created', isReplicated: false });
    expect(ms).toBeGreaterThan(limits.copiesWaitMs - 0.001);
    expect(ms).toBeLessThan(limits.copiesWaitMs + 50);
    cut.mend();
    cluster.untilEqual();
    expect(cluster.get('r3', 'a', tokenOf(answer))).toMatchObject({ value: '1' });
  });

  it('that only reached memory do not count: the other disk was still at work when its power failed', () => {
    const cluster = Cluster.ready(2);
    let answer: StoreAnswer | undefined;
    cluster.store('r1').put({ key: 'a', value: '1', token: '', copies: 2 }, (given) => {
      answer = given;
    });
    const at = cluster.store('r2').replica.ledger;
    cluster.until(() => at.intake.accepted.size > 0 && at.intake.undurable > 0, 'r2 has it in memory');
    expect(answer).toBeUndefined();
    cluster.host('r2').crash('power');
    cluster.until(() => answer !== undefined, 'the answer');
    expect(answer).toMatchObject({ kind: 'created', isReplicated: false });
  });
});

describe('replicas that move to other addresses', () => {
  const isMoved = (cluster: Cluster): boolean =>
    cluster.names.every((name) => {
      const present = cluster.store(name).replica.ledger.state.members.present();
      const addresses = present.map(({ address }) => address).sort();
      return addresses.join(' ') === cluster.names.map((each) => cluster.placeOf(each)).join(' ');
    });

  const expectTogether = (cluster: Cluster, what: string): void => {
    cluster.until(() => isMoved(cluster), `${what} all know each other where they are`, 60_000);
    cluster.untilEqual();
    for (const name of cluster.names) expect(cluster.get(name, 'k')).toMatchObject({ kind: 'found' });
  };

  it('all at once know each other there, and leave nothing behind', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const cluster = Cluster.ready(2 + (seed % 4), { seed });
      cluster.put('r1', 'k', 1, '', 2);
      cluster.moveTo(9_090);
      expectTogether(cluster, `with seed ${seed}`);
      expect(cluster.events.filter(({ type }) => type === 'rejoining')).toEqual([]);
    }
  });

  it.each([0, 500, 1_000, 2_500, 4_000])('one by one are back as well, after %i ms', (afterMs) => {
    for (let seed = 1; seed <= 10; seed++) {
      const cluster = Cluster.ready(2 + (seed % 2), { seed });
      cluster.put('r1', 'k', 1, '', 2);
      cluster.move('r2', 9_090, afterMs);
      expectTogether(cluster, `with seed ${seed}`);
    }
  });

  it('do so as well when one of them comes back from an old copy of its disk', () => {
    const cluster = Cluster.ready(3);
    const old = cluster.host('r1').diskImage();
    cluster.put('r1', 'k', 1, '', 3);
    // All have heard it claim that by now.
    cluster.runFor(5_000);
    cluster.moveTo(9_090, () => cluster.host('r1').replaceDisk(old));
    expectTogether(cluster, 'with an old copy');
    expect(cluster.eventsOf('r1', 'rejoining')).toHaveLength(1);
  });
});

it('answers only what survives: a power cut right after the answer loses nothing', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const cluster = Cluster.ready(1, { seed });
    cluster.put('r1', 'a', seed);
    cluster.host('r1').crash('power');
    cluster.restart('r1');
    expect(cluster.get('r1', 'a'), `seed ${seed}`).toMatchObject({ value: String(seed) });
    // What was not answered may be there or not, but not half of it.
    cluster.store('r1').put({ key: 'b', value: '"later"', token: '' }, () => {});
    cluster.host('r1').crash('power');
    cluster.restart('r1');
    expect(['found', 'absent']).toContain(cluster.get('r1', 'b').kind);
  }
});

it('keeps nothing without a folder, and needs no peers', () => {
  const simulation = createSimulation({ seed: 1 });
  const opened: CausalStore[] = [];
  simulation.host('alone').boot((host) => {
    openCausalStore({ host, address: 'alone:1', folder: undefined, fatal: () => {} }, (outcome) => {
      if (outcome.ok) opened.push(outcome.store);
    });
  });
  simulation.runUntil(() => opened.length > 0, 1_000);
  const [store] = opened;
  const answers: StoreAnswer[] = [];
  store?.put({ key: 'a', value: '1', token: '' }, (answer) => answers.push(answer));
  simulation.runFor(10);
  store?.get({ key: 'a', token: tokenOf(answers[0] ?? { kind: 'uncovered' }) }, (answer) =>
    answers.push(answer),
  );
  expect(answers).toMatchObject([{ kind: 'created', isReplicated: true }, { kind: 'found' }]);
  expect(store?.view()).toEqual(['alone:1']);
});
