import { describe, expect, it } from 'vitest';
import type { Greeting, Judgement, Verdict } from '../messages.ts';
import { claim, dot, id, member, opening, vector } from '../testing/records.ts';
import { forgottenBy, judge, mustRejoin, verdictOn } from './door.ts';
import { Peer } from './peer.ts';
import type { StoreRecord } from './record.ts';
import { State } from './state.ts';

const x = 'x:1';
const y = 'y:1';

function stateOf(records: readonly StoreRecord[], list: readonly string[] = [x, y]): State {
  const state = new State();
  state.members.found(list);
  for (const record of records) state.apply(record);
  return state;
}

function greetingOf(greeting: Partial<Greeting> = {}): Greeting {
  const { applied = vector('') } = greeting;
  return { group: 0, address: x, node: id('a'), start: 1, origin: id('a'), ...greeting, applied };
}

function judged(state: State, greeting: Greeting | undefined, there: readonly string[] = []): Judgement {
  const peer = new Peer(x);
  peer.greeting = greeting;
  peer.forgotten = greeting === undefined ? undefined : forgottenBy(state, greeting);
  return judge({ state, group: 0 }, peer, (address) => there.includes(address));
}

const opened = opening('a1', { address: x });
const removed = member('b2', { address: x, present: false, who: id('a'), stamp: 50 });
const other = greetingOf({ node: id('c'), origin: id('c') });

describe('a replica that greets is', () => {
  it.each([
    ['a stranger without a greeting', stateOf([]), undefined, 'foreign'],
    ['a stranger of another group', stateOf([]), greetingOf({ group: 1 }), 'foreign'],
    ['welcome as the first from an address of the list', stateOf([]), greetingOf(), 'open'],
    [
      'welcome as the node that is known there',
      stateOf([opened]),
      greetingOf({ applied: vector('a1') }),
      'open',
    ],
    ['let in anew as another node', stateOf([opened]), other, 'rejoin'],
    ['let in anew from an address nobody named', stateOf([], [y]), greetingOf(), 'rejoin'],
    ['kept out as the incarnation that was removed', stateOf([opened, removed]), greetingOf(), 'fenced'],
    [
      'let in anew as a later incarnation of what was removed',
      stateOf([opened, removed]),
      greetingOf({ origin: id('d') }),
      'rejoin',
    ],
    [
      'kept out as the node that was let in while it was removed',
      stateOf([
        opened,
        removed,
        member('b4', { address: x, present: true, who: id('c'), rebinds: true, stamp: 60 }),
      ]),
      other,
      'fenced',
    ],
    [
      'let in anew when that one has started again',
      stateOf([
        opened,
        removed,
        member('b4', { address: x, present: true, who: id('c'), rebinds: true, stamp: 60 }),
        opening('c1', { address: x, node: id('c'), stamp: 61 }),
      ]),
      greetingOf({ node: id('c'), origin: id('d'), start: 2 }),
      'rejoin',
    ],
    [
      'let in anew once its address is named again',
      stateOf([opened, removed, member('b3', { address: x, present: true, stamp: 51 })]),
      greetingOf(),
      'rejoin',
    ],
    [
      'an old copy when it greets with less than it claimed',
      stateOf([opened, claim('a4', 'b1')]),
      greetingOf({ applied: vector('a3 b1') }),
      'restored',
    ],
    [
      'welcome when it has all that it claimed',
      stateOf([opened, claim('a4', 'b1')]),
      greetingOf({ applied: vector('a4 b1') }),
      'open',
    ],
    [
      'an old copy as well when it is a former life whose claims it lacks',
      stateOf([opened, claim('a4', 'b1'), opening('d1', { address: x, node: id('a'), start: 2 })]),
      greetingOf({ origin: id('d'), start: 2, applied: vector('a3 d1') }),
      'restored',
    ],
  ] as const)('%s', (_, state, greeting, judgement) => {
    expect(judged(state, greeting)).toBe(judgement);
  });
});

describe('a disk that speaks from another place than before', () => {
  const elsewhere = stateOf([opening('a1', { address: y })], [y]);
  const moved = greetingOf({ origin: id('d'), start: 2, applied: vector('a1 d1') });

  it('is welcome when nobody speaks from its old one', () => {
    expect(judged(elsewhere, moved)).toBe('open');
  });

  it('is let in anew when somebody does: one of the two is a copy', () => {
    expect(judged(elsewhere, moved, [y])).toBe('rejoin');
  });

  it('is an old copy there as well', () => {
    const claimed = stateOf([opening('a1', { address: y }), claim('a2', 'b1')], [y]);
    expect(judged(claimed, moved)).toBe('restored');
  });

  it('is kept out there when it was removed there', () => {
    const out = member('b2', { address: x, present: false, who: id('d'), stamp: 50 });
    expect(judged(stateOf([opening('a1', { address: y }), out], [y]), moved)).toBe('fenced');
  });
});

const own = { node: id('a'), start: 1, origin: id('a'), address: x };
const letIn = member('b5', { address: x, present: true, who: id('a'), stamp: 50 });
const later = { rank: 2, stamp: 60, origin: id('c'), sequence: 1 };
const earlier = { ...later, stamp: 40 };
const knowsNothing = { listed: false, presenceBy: undefined, bindingBy: undefined, forgotten: undefined };

function verdict(judgement: Judgement, rest: Partial<Verdict> = {}): Verdict {
  const forgotten = undefined;
  return { judgement, listed: true, presenceBy: earlier, bindingBy: earlier, forgotten, ...rest };
}

function peerAt(address: string, judgement: Judgement): Peer {
  const peer = new Peer(address);
  peer.judgement = judgement;
  peer.forgotten = dot('a7');
  return peer;
}

describe('a verdict', () => {
  it.each([
    ['of old copy is always followed', stateOf([letIn]), verdict('restored'), false, true],
    [
      'of old copy is not followed by who has what it is said to have forgotten',
      stateOf([letIn, claim('a7', 'b1')]),
      verdict('restored', { forgotten: dot('a7') }),
      false,
      false,
    ],
    [
      'of old copy is followed by who lacks what it is said to have forgotten',
      stateOf([letIn, claim('a6', 'b1')]),
      verdict('restored', { forgotten: dot('a7') }),
      false,
      true,
    ],
    ['of open means nothing to do', stateOf([letIn]), verdict('open'), false, false],
    ['of fenced is for the operator', stateOf([letIn]), verdict('fenced'), false, false],
    ['is followed by who is no member', stateOf([removed]), verdict('rejoin'), false, true],
    [
      'is followed by who knows of another node at its address',
      stateOf([member('b5', { address: x, present: true, who: id('c') })]),
      verdict('rejoin'),
      false,
      true,
    ],
    ['is followed by who was never let in', stateOf([opened]), verdict('rejoin'), false, true],
    [
      'is not followed by who was let in later than the other has heard',
      stateOf([letIn]),
      verdict('rejoin'),
      false,
      false,
    ],
    [
      'is followed by who was let in earlier than what the other has heard',
      stateOf([letIn]),
      verdict('rejoin', { bindingBy: later }),
      false,
      true,
    ],
    [
      'is followed after all when nobody has heard of the letting in for long',
      stateOf([letIn]),
      verdict('rejoin'),
      true,
      true,
    ],
    [
      'is not followed when it is the other one who is to be let in here',
      stateOf([opened, opening('b1', { address: y })]),
      verdict('rejoin', knowsNothing),
      false,
      false,
    ],
  ] as const)('%s', (_, state, said, isLost, follows) => {
    expect(mustRejoin(state, own, y, said, isLost)).toBe(follows);
  });

  it('says what it was based on', () => {
    const state = stateOf([letIn]);
    const { presence, binding } = state.members.get(x) ?? {};
    expect(verdictOn(state, peerAt(x, 'open'))).toEqual({
      judgement: 'open',
      forgotten: undefined,
      listed: true,
      presenceBy: presence?.by,
      bindingBy: binding?.by,
    });
    expect(verdictOn(state, peerAt('nobody:1', 'rejoin'))).toEqual({
      judgement: 'rejoin',
      ...knowsNothing,
    });
    expect(verdictOn(state, peerAt(x, 'restored')).forgotten).toEqual(dot('a7'));
  });
});
