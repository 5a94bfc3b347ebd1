import { describe, expect, it } from 'vitest';
import { countOf, endpoints } from '../../testing/endpoints.ts';
import { instance, target, Upstream } from '../../testing/upstream.ts';
import type { Endpoint } from '../endpoint.ts';
import { RoundRobin } from './round-robin.ts';

function picksOf(balancer: RoundRobin, candidates: readonly Endpoint[], count: number, nowMs = 0): string {
  return Array.from({ length: count }, () => balancer.pick(candidates, nowMs).instance.id).join(' ');
}

function among(shares: Readonly<Record<string, number>>, start = 0): [RoundRobin, Endpoint[]] {
  const balancer = new RoundRobin(start);
  const candidates = endpoints(shares);
  balancer.know(candidates);
  return [balancer, candidates];
}

describe('round-robin', () => {
  it('round-robin goes round', () => {
    const upstream = new Upstream(['a1', 'a2', 'a3'].map((id) => instance(id)));
    for (let index = 0; index < 9; index++) upstream.call(`x${index}`);
    const targets = upstream.take().map(target);
    for (const id of ['a1', 'a2', 'a3']) expect(targets.filter((each) => each === id)).toHaveLength(3);
    expect(targets.slice(0, 3)).toEqual(targets.slice(3, 6));
  });

  it('begins where its caller was told to, so that callers do not all begin alike', () => {
    const begins = [0, 0.34, 0.67, 0.99].map((start) => {
      const [balancer, candidates] = among({ a1: 1, a2: 1, a3: 1 }, start);
      return picksOf(balancer, candidates, 4);
    });
    expect(begins).toEqual(['a1 a2 a3 a1', 'a2 a3 a1 a2', 'a3 a1 a2 a3', 'a3 a1 a2 a3']);
  });

  it('gives turns in proportion to weight, spread out evenly', () => {
    const [balancer, candidates] = among({ a1: 1, a2: 0.5, a3: 0.25 });
    const turns = picksOf(balancer, candidates, 70).split(' ');
    const counts = countOf(turns.length, (index) => turns[index] as string);
    expect([counts('a1'), counts('a2'), counts('a3')]).toEqual([40, 20, 10]);
    const gaps = turns.flatMap((id, index) => (id === 'a3' ? [index] : []));
    for (const [index, at] of gaps.slice(1).entries()) {
      expect(Math.abs(at - (gaps[index] as number) - 7)).toBeLessThanOrEqual(1);
    }
  });

  it('goes on where it was when a list changes nothing', () => {
    const [balancer, candidates] = among({ a1: 1, a2: 1, a3: 1 });
    expect(picksOf(balancer, candidates, 2)).toBe('a1 a2');
    balancer.know(candidates);
    expect(picksOf(balancer, candidates, 4)).toBe('a3 a1 a2 a3');
  });

  it('lets a newcomer catch up with nothing', () => {
    const [balancer, candidates] = among({ a1: 1, a2: 1 });
    picksOf(balancer, candidates, 1_000);
    const all = [...candidates, ...endpoints({ a3: 1 })];
    balancer.know(all);
    const turns = picksOf(balancer, all, 9).split(' ');
    expect(turns.filter((id) => id === 'a3')).toHaveLength(3);
  });

  it('lets one that was passed over for long catch up with one turn at most', () => {
    const [balancer, candidates] = among({ a1: 1, a2: 1, a3: 1 });
    picksOf(balancer, candidates.slice(0, 2), 1_000);
    const turns = picksOf(balancer, candidates, 12).split(' ');
    const back = turns.filter((id) => id === 'a3').length;
    expect(back).toBeGreaterThanOrEqual(4);
    expect(back).toBeLessThanOrEqual(5);
  });

  it('follows a change of weight', () => {
    const upstream = new Upstream([instance('a1'), instance('a2')]);
    upstream.serve(100);
    upstream.know([instance('a1', 'ready', 1), instance('a2', 'ready', 3)]);
    const targets = upstream.serve(400);
    expect(targets.filter((id) => id === 'a2').length).toBeGreaterThanOrEqual(298);
    expect(targets.filter((id) => id === 'a2').length).toBeLessThanOrEqual(302);
  });
});
