import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { encodePull, encodeRecords, messageKinds } from '../messages.ts';
import { CoreNetwork } from '../testing/core-network.ts';
import { dots, encoded, id, vector, write } from '../testing/records.ts';
import type { StoreRecord } from './record.ts';
import { Scan } from './scan.ts';

const a = 'a:1';
const b = 'b:1';

function linked(): CoreNetwork {
  const network = new CoreNetwork([a, b]);
  network.link(a, b);
  network.settle();
  // Both have judged each other: now they ask.
  network.wait(1);
  network.settle();
  return network;
}

function put(network: CoreNetwork, at: string, value: string, copies = 1): void {
  network.do(at, {
    type: 'request',
    request: { kind: 'put', id: value, key: 'k', value, token: [], copies },
  });
}

function valueAt(network: CoreNetwork, at: string): string | undefined {
  return network.replica(at).ledger.state.table.get('k')?.value;
}

/** A peer says this in the epoch it was asked in last. */
function say(network: CoreNetwork, from: string, to: string, records: readonly StoreRecord[]): void {
  const { epoch } = network.replica(to).exchange.known(from);
  const bytes = records.map((record) => encoded(record).bytes);
  const payload = encodeRecords({ epoch, wantsAck: false, records: bytes });
  network.deliver({ from, to, kind: messageKinds.records, payload });
}

describe('a write', () => {
  it('is answered, visible and sent only once it is durable', () => {
    const network = linked();
    put(network, a, '1');
    expect(network.answers.has('1')).toBe(false);
    expect(valueAt(network, a)).toBeUndefined();
    expect(network.pump(a, b)).toBeUndefined();
    network.sync(a);
    expect(network.answers.get('1')).toMatchObject({ kind: 'created' });
    expect(valueAt(network, a)).toBe('1');
    expect(network.pump(a, b)).toBeDefined();
  });

  it('for which other disks are asked is sent at once, and confirmed once both have it', () => {
    const network = linked();
    put(network, a, '1', 2);
    const message = network.pump(a, b);
    if (message !== undefined) network.deliver(message);
    // In the memory of b: not confirmed, and not visible there.
    expect(network.messages.filter(({ kind }) => kind === messageKinds.ack)).toEqual([]);
    expect(valueAt(network, b)).toBeUndefined();
    network.sync(a);
    expect(network.answers.has('1')).toBe(false);
    network.settle();
    expect(network.answers.get('1')).toMatchObject({ kind: 'created', isReplicated: true });
  });

  it('is confirmed by the disk of another, not by its memory', () => {
    const network = linked();
    for (const value of ['1', '2']) {
      put(network, a, value, 2);
      const message = network.pump(a, b);
      if (message !== undefined) network.deliver(message);
    }
    network.sync(a);
    // Of the two in its memory b has made one durable.
    network.do(b, { type: 'durable', appends: 1 });
    for (const message of network.messages.splice(0)) network.deliver(message);
    expect(network.answers.get('1')).toMatchObject({ kind: 'created', isReplicated: true });
    expect(network.answers.has('2')).toBe(false);
  });

  it('that no other disk confirms is answered as unconfirmed when its time is over', () => {
    const network = new CoreNetwork([a, b]);
    put(network, a, '1', 2);
    network.sync(a);
    network.wait(limits.copiesWaitMs - 1);
    expect(network.answers.has('1')).toBe(false);
    network.wait(1);
    expect(network.answers.get('1')).toMatchObject({ kind: 'created', isReplicated: false });
  });

  it('is refused while the disk takes nothing, and reads are not', () => {
    const network = linked();
    network.do(a, { type: 'disk', refusing: 'full' });
    put(network, a, '1');
    expect(network.answers.get('1')).toEqual({ kind: 'refused', why: 'full' });
    network.do(a, { type: 'request', request: { kind: 'get', id: 'get', key: 'k', token: [] } });
    expect(network.answers.get('get')).toMatchObject({ kind: 'absent' });
    network.do(a, { type: 'disk', refusing: undefined });
    put(network, a, '2');
    network.sync(a);
    expect(network.answers.get('2')).toMatchObject({ kind: 'created' });
  });
});

it('a read goes on when its token is covered by what still gets to a disk that takes nothing more', () => {
  const network = linked();
  const ask = (kind: 'get' | 'delete', token: string): void => {
    network.do(b, { type: 'request', request: { kind, id: kind, key: 'k', token: dots(token) } });
  };
  say(network, a, b, [write('c1')]);
  ask('get', 'c1');
  ask('delete', 'c1');
  network.do(b, { type: 'disk', refusing: 'full' });
  network.sync(b);
  expect(network.answers.get('get')).toMatchObject({ kind: 'found' });
  expect(network.answers.has('delete')).toBe(false);
});

it('a confirmation of the former identity counts for nothing, also of who was away meanwhile', () => {
  const network = linked();
  for (let count = 0; count < 20; count++) {
    put(network, a, String(count), 2);
    network.settle();
  }
  expect(network.replica(a).exchange.peer(b)?.acked).toBeGreaterThan(10);
  network.do(a, { type: 'peer-down', address: b });
  network.replica(a).exchange.greetAll();
  expect(network.replica(a).exchange.copiesOf(2)).toBe(1);
});

it('who is judged by a greeting older than what was heard of it greets again, and stays who it is', () => {
  const c = 'c:1';
  const network = new CoreNetwork([a, b, c]);
  network.link(a, c);
  network.link(b, c);
  network.settle();
  rest(network, 6);
  network.link(a, b);
  const isLate = (message: { from: string; to: string }): boolean => message.from === a && message.to === b;
  const late = network.messages.filter(isLate);
  network.messages.splice(0, Infinity, ...network.messages.filter((message) => !isLate(message)));
  network.settle();
  // What c has written a claims to have, and b hears of that through c.
  put(network, c, '1');
  rest(network, 9);
  const { origin } = network.replica(a).ledger.own;
  for (const message of late) network.deliver(message);
  expect(network.replica(b).exchange.peer(a)?.judgement).toBe('restored');
  rest(network, 2);
  expect(network.replica(b).exchange.peer(a)?.judgement).toBe('open');
  expect(network.replica(a).ledger.own.origin).toBe(origin);
});

/** Some seconds, in which all that is said arrives. */
function rest(network: CoreNetwork, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    network.wait(1_000);
    network.settle();
  }
}

describe('a write while a snapshot is about to become the state', () => {
  function leaping(): CoreNetwork {
    const network = linked();
    const { epoch } = network.replica(a).exchange.known(b);
    const incoming = { from: b, epoch, isWhole: false };
    network.do(a, { type: 'snapshot-begins', incoming });
    const scan = new Scan(network.replica(b).ledger.state);
    for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) {
      network.do(a, { type: 'snapshot-chunk', incoming, chunk });
    }
    expect(network.replica(a).ledger.isPublishing).toBe(true);
    put(network, a, '1');
    return network;
  }

  it('waits for that, longer than for what its token depends on', () => {
    const network = leaping();
    network.wait(limits.durableWaitMs - 1);
    expect(network.answers.has('1')).toBe(false);
    network.sync(a);
    network.sync(a);
    expect(network.answers.get('1')).toMatchObject({ kind: 'created' });
  });

  it('is refused as what it is when the disk takes too long', () => {
    const network = leaping();
    network.wait(limits.durableWaitMs);
    expect(network.answers.get('1')).toEqual({ kind: 'refused', why: 'busy' });
  });
});

describe('a cut', () => {
  it('ends the epoch: what still comes of it is not taken, and asked for a period after contact', () => {
    const network = linked();
    put(network, a, '1');
    network.sync(a);
    const late = network.pump(a, b);
    network.wait(limits.cutMs);
    network.do(b, { type: 'peer-silent', address: a, silentMs: limits.cutMs });
    if (late !== undefined) network.deliver(late);
    network.wait(1);
    network.do(b, { type: 'peer-heard', address: a });
    if (late !== undefined) network.deliver(late);
    network.settle();
    expect(valueAt(network, b)).toBeUndefined();
    const { healPeriodsMin, healPeriodsMax, antiEntropyMs } = limits;
    network.wait(healPeriodsMin * antiEntropyMs - 1);
    network.settle();
    expect(valueAt(network, b)).toBeUndefined();
    network.wait((healPeriodsMax - healPeriodsMin) * antiEntropyMs + 1);
    network.settle();
    expect(valueAt(network, b)).toBe('1');
  });

  it('that a new incarnation ends is none: it is asked at once', () => {
    const network = linked();
    network.do(b, { type: 'peer-down', address: a });
    network.wait(10_000);
    const restarted = new CoreNetwork([a], 100);
    const greetings = restarted.messages;
    restarted.do(a, { type: 'peer-up', address: b });
    network.do(b, { type: 'peer-up', address: a });
    network.messages.length = 0;
    for (const { kind, payload } of greetings) network.deliver({ from: a, to: b, kind, payload });
    // Another node, so not taken from before it has joined; but nobody waits because of a cut.
    expect(network.replica(b).exchange.known(a).isHealing).toBe(false);
  });
});

describe('what a peer sends', () => {
  it('counts only in answer to the last question', () => {
    const network = linked();
    const { epoch } = network.replica(b).exchange.known(a);
    const record = encoded(write('c1')).bytes;
    for (const [other, isTaken] of [
      [epoch - 1, false],
      [epoch + 1, false],
      [epoch, true],
    ] as const) {
      const payload = encodeRecords({ epoch: other, wantsAck: false, records: [record] });
      network.deliver({ from: a, to: b, kind: messageKinds.records, payload });
      network.sync(b);
      expect(valueAt(network, b) !== undefined).toBe(isTaken);
    }
  });

  it('changes nothing when it comes again', () => {
    const network = linked();
    const records = [write('c1'), write('c2', { value: '"two"' })];
    say(network, a, b, records);
    network.sync(b);
    const { applied } = network.replica(b).ledger.state;
    const before = new Map(applied);
    say(network, a, b, records);
    say(network, a, b, records.toReversed());
    expect(network.undurable.get(b)).toBe(0);
    expect(applied).toEqual(before);
  });

  it('waits for what it needs, and for the disk of what it needs', () => {
    const network = linked();
    say(network, a, b, [write('d1', { after: 'c1', key: 'late' })]);
    network.sync(b);
    expect(network.replica(b).ledger.state.covers({ origin: id('d'), sequence: 1 })).toBe(false);
    say(network, a, b, [write('c1')]);
    expect(network.replica(b).ledger.state.table.get('late')).toBeUndefined();
    network.sync(b);
    expect(network.replica(b).ledger.state.table.get('late')).toBeDefined();
  });

  it.each([
    ['a record of another group', [write('c1', { group: 3 })]],
    ['a record of no kind', []],
  ])('is cut off with %s', (_, records) => {
    const network = linked();
    if (records.length > 0) say(network, a, b, records);
    else network.deliver({ from: a, to: b, kind: 99, payload: Buffer.alloc(0) });
    expect(network.cutOff).toEqual([{ at: b, peer: a }]);
    expect(network.reports.at(-1)).toMatchObject({ type: 'peer-garbage', peer: a });
  });

  it('is refused with a stamp far in the future, which would use up all there are', () => {
    const network = linked();
    const stampMax = network.replica(b).ledger.state.stampMax;
    say(network, a, b, [write('c1', { stamp: 2 ** 52 })]);
    network.sync(b);
    expect(network.reports.at(-1)).toMatchObject({ type: 'stamp-refused', peer: a });
    const said = (): number => network.reports.filter(({ type }) => type === 'stamp-refused').length;
    say(network, a, b, [write('c1', { stamp: 2 ** 52 })]);
    expect(said()).toBe(1);
    network.nowMs += limits.warnEveryMs;
    say(network, a, b, [write('c1', { stamp: 2 ** 52 })]);
    expect(said()).toBe(2);
    expect(network.replica(b).ledger.state.stampMax).toBe(stampMax);
  });

  it('is answered with what it lacks, in an order in which each finds what it needs', () => {
    const network = linked();
    say(network, b, a, [write('c1'), write('d1', { after: 'c1' })]);
    network.sync(a);
    const payload = encodePull({ epoch: 77, accepted: vector('') });
    network.deliver({ from: b, to: a, kind: messageKinds.pull, payload });
    const message = network.pump(a, b);
    expect(message).toBeDefined();
    expect(
      Buffer.from(message?.payload ?? [])
        .subarray(0, 2)
        .toString('hex'),
    ).toBe('4d00');
    expect(network.pump(a, b)).toBeUndefined();
  });
});

it('asks every peer again every three seconds or so', () => {
  const network = linked();
  const asked = (): number =>
    network.reports.filter(({ type, at }) => type === 'exchange' && at === a).length;
  const before = asked();
  for (let second = 0; second < 30; second++) {
    network.wait(1_000);
    network.settle();
  }
  expect(asked() - before).toBeGreaterThanOrEqual(7);
  expect(asked() - before).toBeLessThanOrEqual(13);
});

it('comes to rest after the last write: some rounds of claims, then nothing more is written', () => {
  const network = linked();
  put(network, a, '1');
  for (let second = 0; second < 10; second++) {
    network.wait(1_000);
    network.settle();
  }
  const before = network.replica(b).ledger.state.applied;
  const rested = new Map(before);
  for (let second = 0; second < 30; second++) {
    network.wait(1_000);
    network.settle();
  }
  expect(network.replica(b).ledger.state.applied).toEqual(rested);
  expect(network.replica(a).ledger.state.applied).toEqual(rested);
  expect(network.replica(a).ledger.intake.log.start).toBeGreaterThan(0);
});
