import { expect, it } from 'vitest';
import { dot, dots, id, opening, vector } from '../testing/records.ts';
import { Nodes } from './nodes.ts';

const node = id('1');
const none = new Map<string, number>();

it('takes the life of the latest start for the present one, whatever comes last', () => {
  const nodes = new Nodes();
  nodes.open(opening('b1', { node, start: 2, stamp: 5 }));
  nodes.open(opening('a1', { node, start: 1, stamp: 9 }));
  expect(nodes.current(node)).toBe(id('b'));
  // A copy of the disk has counted to the same start: the later of the two.
  nodes.open(opening('c1', { node, start: 2, stamp: 6 }));
  expect(nodes.current(node)).toBe(id('c'));
  nodes.open(opening('d1', { node, start: 2, stamp: 6 }));
  expect(nodes.current(node)).toBe(id('d'));
  expect(nodes.nodeOf(id('a'))).toBe(node);
  expect(nodes.current(id('2'))).toBeUndefined();
});

it('names what stands in for what was abandoned, and for that one, once it was as well', () => {
  const nodes = new Nodes();
  const all = vector('a7 b1 c1 e9 f9');
  nodes.open(opening('b1', { abandons: [id('a')] }));
  expect(nodes.standInFor(all, dot('a7'))).toEqual(dot('b1'));
  // What is handed in again counts for it once the last of it is there.
  nodes.open(opening('f1', { abandons: [id('e')], handsIn: 3 }));
  expect(nodes.standInFor(all, dot('e9'))).toEqual(dot('f4'));
  expect(nodes.standInFor(vector('e9 f3'), dot('e9'))).toEqual(dot('e9'));
  expect(nodes.covers(vector('e9 f3'), dot('e9'))).toBe(true);
  expect(nodes.covers(vector('e8 f3'), dot('e9'))).toBe(false);
  nodes.open(opening('c1', { abandons: [id('b')] }));
  expect(nodes.standInFor(all, dot('a7'))).toEqual(dot('c1'));
  expect(nodes.standInFor(vector('b1'), dot('a7'))).toEqual(dot('b1'));
  const other = dot('d3');
  expect(nodes.standInFor(all, other)).toBe(other);
});

it('ends also where two have abandoned each other, which no replica of ours says', () => {
  const nodes = new Nodes();
  nodes.abandon(id('a'), dot('b1'));
  nodes.abandon(id('b'), dot('a1'));
  expect(nodes.standInFor(vector('a1 b1'), dot('a7')).sequence).toBe(1);
  expect(nodes.covers(none, dot('a7'))).toBe(false);
});

it('has what is vouched for stand in where the dot itself lacks, and only up to there', () => {
  const nodes = new Nodes();
  nodes.open(opening('b1', { vouches: dots('a5'), handsIn: 2 }));
  expect(nodes.covers(vector('b3'), dot('a5'))).toBe(true);
  expect(nodes.covers(vector('b2'), dot('a5'))).toBe(false);
  expect(nodes.covers(vector('b3'), dot('a6'))).toBe(false);
  expect(nodes.covers(vector('a6'), dot('a6'))).toBe(true);
  expect(nodes.standInFor(vector('a5 b3'), dot('a5'))).toEqual(dot('a5'));
  expect(nodes.standInFor(vector('a4 b3'), dot('a5'))).toEqual(dot('b3'));
  // Of two the one that vouches for more, in whatever order they came.
  nodes.open(opening('c1', { vouches: dots('a7') }));
  nodes.open(opening('d1', { vouches: dots('a6') }));
  expect(nodes.standInFor(vector('b3 c1 d1'), dot('a5'))).toEqual(dot('c1'));
});

it('goes on covering what was covered, whoever hands it in another time', () => {
  const nodes = new Nodes();
  nodes.open(opening('b1', { node: id('1'), vouches: dots('e5'), handsIn: 1 }));
  nodes.open(opening('b1', { node: id('1'), abandons: [id('d')], handsIn: 1 }));
  expect(nodes.covers(vector('b2'), dot('e5'))).toBe(true);
  nodes.open(opening('c1', { node: id('2'), vouches: dots('e7'), abandons: [id('d')], handsIn: 3 }));
  // What it hands in has not come yet.
  expect(nodes.covers(vector('b2 c1'), dot('e5'))).toBe(true);
  expect(nodes.standInFor(vector('b2 c1'), dot('d9'))).toEqual(dot('b2'));
  expect(nodes.covers(vector('c4'), dot('d9'))).toBe(true);
});
