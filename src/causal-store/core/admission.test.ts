import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { encodeGreeting, encodeJoin, encodeVerdict, messageKinds } from '../messages.ts';
import { CoreNetwork } from '../testing/core-network.ts';
import { id } from '../testing/records.ts';
import type { Incoming } from './events.ts';
import { Scan } from './scan.ts';

const [here, there] = ['a:1', 'b:1'];
const restored = { judgement: 'restored', forgotten: undefined } as const;

/** A replica that its peer has told to be let in anew, and that has asked for that under epoch 1. */
function joining(): CoreNetwork {
  const network = new CoreNetwork([here, there]);
  network.link(here, there);
  network.settle();
  const verdict = {
    judgement: 'restored',
    listed: true,
    presenceBy: undefined,
    bindingBy: undefined,
    forgotten: undefined,
  } as const;
  const payload = encodeVerdict(verdict);
  network.do(here, { type: 'message', from: there, kind: messageKinds.verdict, payload });
  expect(network.messages.map(({ kind }) => kind)).toContain(messageKinds.join);
  return network;
}

/** All of a snapshot of the other's comes in; whether this replica took it. */
function bring(network: CoreNetwork, incoming: Incoming): boolean {
  network.do(here, { type: 'snapshot-begins', incoming });
  if (!network.replica(here).isTaking(incoming)) return false;
  const scan = new Scan(network.replica(there).ledger.state);
  for (let chunk = scan.next(); chunk !== undefined; chunk = scan.next()) {
    network.do(here, { type: 'snapshot-chunk', incoming, chunk });
  }
  network.sync(here);
  return true;
}

const originOf = (network: CoreNetwork): string => network.replica(here).ledger.own.origin;

describe('who has asked to be let in', () => {
  it('becomes another with the whole snapshot it asked for', () => {
    const network = joining();
    const before = originOf(network);
    expect(bring(network, { from: there, epoch: 1, isWhole: true })).toBe(true);
    expect(originOf(network)).not.toBe(before);
  });

  it.each([
    ['only has what it lacked before, under the same number', { from: there, epoch: 1, isWhole: false }],
    ['nobody asked for', { from: there, epoch: 2, isWhole: true }],
    ['somebody else was asked for', { from: 'c:1', epoch: 1, isWhole: true }],
  ])('takes none that %s', (_, incoming) => {
    expect(bring(joining(), incoming)).toBe(false);
  });
});

it('who has not asked takes no whole snapshot', () => {
  const network = new CoreNetwork([here, there]);
  network.link(here, there);
  network.settle();
  expect(bring(network, { from: there, epoch: 1, isWhole: true })).toBe(false);
});

it('asks another one when nothing comes of the first', () => {
  const others = ['b:1', 'c:1', 'd:1'];
  const network = new CoreNetwork([here, ...others]);
  for (const other of others) network.link(here, other);
  network.settle();
  const verdict = { ...restored, listed: true, presenceBy: undefined, bindingBy: undefined };
  const payload = encodeVerdict(verdict);
  for (const from of others)
    network.do(here, { type: 'message', from, kind: messageKinds.verdict, payload });
  for (let times = 0; times < 3; times++) network.wait(limits.joinMs + 1);
  const asked = network.messages.filter(({ from, kind }) => from === here && kind === messageKinds.join);
  expect(asked.map(({ to }) => to)).toEqual([...others, 'b:1']);
});

it('who was told by others that it was removed lets nobody in', () => {
  const network = new CoreNetwork([here, there]);
  network.link(here, there);
  network.settle();
  const fenced = {
    judgement: 'fenced',
    listed: false,
    presenceBy: undefined,
    bindingBy: undefined,
  } as const;
  const payload = encodeVerdict({ ...fenced, forgotten: undefined });
  network.do(here, { type: 'message', from: there, kind: messageKinds.verdict, payload });
  expect(joinedBy(network, 'c:1')).toBe(false);
  network.do(here, { type: 'peer-down', address: there });
  expect(joinedBy(network, 'c:1')).toBe(true);
});

it('who was never let in itself lets in no member that does not know it', () => {
  const network = new CoreNetwork([here, there]);
  network.link(here, there);
  network.settle();
  const { ledger, exchange } = network.replica(here);
  expect(exchange.peer(there)?.judgement).toBe('open');
  const verdict = {
    judgement: 'rejoin',
    listed: true,
    presenceBy: undefined,
    bindingBy: undefined,
  } as const;
  const said = encodeVerdict({ ...verdict, forgotten: undefined });
  network.do(here, { type: 'message', from: there, kind: messageKinds.verdict, payload: said });
  const before = ledger.ownSequence;
  const payload = encodeJoin({ epoch: 1, node: id('c') });
  network.do(here, { type: 'message', from: there, kind: messageKinds.join, payload });
  expect(ledger.ownSequence).toBe(before);
});

it('who sends two snapshots already lets nobody in: he is asked again', () => {
  const network = new CoreNetwork([here]);
  expect(joinedBy(network, 'c:1')).toBe(true);
  network.sync(here);
  expect(joinedBy(network, 'd:1')).toBe(true);
  network.sync(here);
  expect(joinedBy(network, 'e:1')).toBe(false);
});

/** Whether a stranger who asks is let in. */
function joinedBy(network: CoreNetwork, stranger: string): boolean {
  const { ledger } = network.replica(here);
  const before = ledger.ownSequence;
  const node = id(stranger.slice(0, 1));
  const greeting = { group: 0, address: stranger, node, start: 1, origin: node, applied: new Map() };
  const { greet, join } = messageKinds;
  network.do(here, { type: 'peer-up', address: stranger });
  network.do(here, { type: 'message', from: stranger, kind: greet, payload: encodeGreeting(greeting) });
  network.do(here, {
    type: 'message',
    from: stranger,
    kind: join,
    payload: encodeJoin({ epoch: 1, node }),
  });
  return ledger.ownSequence > before;
}

describe('a stranger who asks to be let in', () => {
  const stranger = 'c:1';

  /** Asks a replica that knows of so many members; whether it is let in, and what that has reported. */
  function asked(members: number) {
    const network = new CoreNetwork([here]);
    const { ledger } = network.replica(here);
    ledger.state.members.found([here, ...Array.from({ length: members - 1 }, (_, index) => `m${index}:1`)]);
    const isIn = joinedBy(network, stranger);
    return { isIn, refusals: network.reports.filter(({ type }) => type === 'join-refused') };
  }
  it('becomes a member', () => {
    expect(asked(limits.membersMax - 1)).toEqual({ isIn: true, refusals: [] });
  });

  it('is refused where there are as many as there can be', () => {
    const { membersMax } = limits;
    const refusals = [{ type: 'join-refused', at: here, peer: stranger, membersMax }];
    expect(asked(membersMax)).toEqual({ isIn: false, refusals });
  });
});

it('a join that is under way does not undo what an operator says meanwhile', () => {
  const network = new CoreNetwork([here, there]);
  network.link(here, there);
  network.settle();
  const peer = () => network.replica(here).exchange.peer(there);
  const removes = { type: 'view-change', change: { id: 1, address: there, present: false } } as const;
  network.do(here, removes);
  network.sync(here);
  network.do(here, { ...removes, change: { id: 2, address: there, present: true } });
  network.sync(here);
  expect(peer()?.judgement).toBe('rejoin');
  // The operator's word is on its way to the disk when the question comes.
  network.do(here, { ...removes, change: { id: 3, address: there, present: false } });
  const payload = encodeJoin({ epoch: 1, node: id('c') });
  network.do(here, { type: 'message', from: there, kind: messageKinds.join, payload });
  network.sync(here);
  expect(network.replica(here).view(network.nowMs)).toEqual([here]);
  const origin = peer()?.lastOrigin as string;
  const greeting = encodeGreeting({
    group: 0,
    address: there,
    node: id('c'),
    start: 1,
    origin,
    applied: new Map(),
  });
  network.do(here, { type: 'message', from: there, kind: messageKinds.greet, payload: greeting });
  expect(peer()?.judgement).toBe('fenced');
});
