import { describe, expect, it } from 'vitest';
import type { Prng } from '../../std/index.ts';
import { dot, dots, id } from '../testing/records.ts';
import { forSeeds, pick } from '../testing/seeds.ts';
import { Claims } from './claims.ts';
import type { Dot } from './record.ts';
import { advance, gather } from './tokens.ts';
import { coversAll, dotsOf, raise, sequenceOf, type Vector } from './vector.ts';

describe('a token that has seen one more record', () => {
  it('keeps what nothing dominates', () => {
    expect(advance(new Claims(), dots('a3 b2'), dot('c1'), [])).toEqual(dots('c1 a3 b2'));
  });

  it('drops what the record itself depends on', () => {
    expect(advance(new Claims(), dots('a3 b2'), dot('c1'), dots('a3'))).toEqual(dots('c1 b2'));
    expect(advance(new Claims(), dots('a3'), dot('c1'), dots('a2'))).toEqual(dots('c1 a3'));
  });

  it('drops what its origin had claimed by then, and not what it claimed later', () => {
    const claims = new Claims();
    claims.add(dot('c2'), dots('a3'));
    claims.add(dot('c9'), dots('b2'));
    expect(advance(claims, dots('a3 b2'), dot('c5'), [])).toEqual(dots('c5 b2'));
    expect(advance(claims, dots('a4'), dot('c5'), [])).toEqual(dots('c5 a4'));
  });

  it('drops an older record of the same origin, and stays as it is for one it covers', () => {
    const claims = new Claims();
    claims.add(dot('a7'), dots('c5'));
    expect(advance(claims, dots('c3'), dot('c5'), [])).toEqual(dots('c5'));
    expect(advance(claims, dots('a8'), dot('c5'), [])).toEqual(dots('a8'));
    expect(advance(claims, dots('a6'), dot('c5'), [])).toEqual(dots('c5 a6'));
    expect(advance(claims, dots('c5'), dot('c5'), [])).toEqual(dots('c5'));
    expect(advance(claims, [], dot('c5'), [])).toEqual(dots('c5'));
  });
});

/** What each replica has applied, the records of all, and what must be applied with each. */
class History {
  readonly claims = new Claims();
  /** By origin, for each of its records: all that is applied wherever it is. */
  readonly #closures = new Map<string, Map<string, number>[]>();
  readonly #applied = new Map<string, Map<string, number>>();
  readonly origins = ['a', 'b', 'c', 'd'].map(id);

  constructor() {
    for (const origin of this.origins) {
      this.#closures.set(origin, []);
      this.#applied.set(origin, new Map());
    }
  }

  appliedAt(origin: string): Map<string, number> {
    return this.#applied.get(origin) as Map<string, number>;
  }

  closure({ origin, sequence }: Dot): Vector {
    return this.#closures.get(origin)?.[sequence - 1] ?? new Map();
  }

  closureOf(token: readonly Dot[]): Vector {
    const all = new Map<string, number>();
    for (const each of token)
      for (const [origin, sequence] of this.closure(each)) raise(all, origin, sequence);
    return all;
  }

  write(origin: string, dependencies: readonly Dot[]): Dot {
    const applied = this.appliedAt(origin);
    const made = { origin, sequence: sequenceOf(applied, origin) + 1 };
    // Of its own stream all before it; of the others no more than it says.
    const closure = new Map(this.closure({ origin, sequence: made.sequence - 1 }));
    for (const each of dependencies) {
      for (const [other, sequence] of this.closure(each)) raise(closure, other, sequence);
    }
    closure.set(origin, made.sequence);
    this.#closures.get(origin)?.push(closure);
    applied.set(origin, made.sequence);
    return made;
  }

  claim(origin: string): void {
    const all = dotsOf(this.appliedAt(origin)).filter((each) => each.origin !== origin);
    this.claims.add(this.write(origin, all), all);
  }

  /** One replica takes the next record of an origin from another, with all that it needs. */
  deliver(prng: Prng): void {
    const to = this.appliedAt(pick(prng, this.origins));
    const from = pick(prng, this.origins);
    const next = { origin: from, sequence: sequenceOf(to, from) + 1 };
    for (const [origin, sequence] of this.closure(next)) raise(to, origin, sequence);
  }
}

it('covers the token before it, and the record, in every causally closed history', () => {
  forSeeds(150, (prng) => {
    const history = new History();
    let token: readonly Dot[] = [];
    for (let step = 0; step < 150; step++) {
      const at = pick(prng, history.origins);
      const isServed = coversAll(history.appliedAt(at), token);
      const die = prng.below(10);
      if (die < 2) history.claim(at);
      else if (die < 6 || !isServed) history.deliver(prng);
      else {
        const dependencies = token.filter(({ origin }) => origin !== at);
        const isOwnWrite = prng.chance(0.5);
        const applied = [...history.appliedAt(at)].filter(([, sequence]) => sequence > 0);
        if (!isOwnWrite && applied.length === 0) continue;
        const [origin, most] = isOwnWrite ? [at, 0] : pick(prng, applied);
        const seen = isOwnWrite
          ? history.write(at, dependencies)
          : { origin, sequence: 1 + prng.below(most) };
        const next = advance(history.claims, token, seen, isOwnWrite ? dependencies : []);
        const covered = history.closureOf(next);
        expect(coversAll(covered, token)).toBe(true);
        expect(coversAll(covered, [seen])).toBe(true);
        expect(next.length).toBeLessThanOrEqual(history.origins.length);
        token = next;
      }
    }
  });
});

describe('a token that is gathered', () => {
  it('covers what it covered, by fewer entries, and by none that anybody waits for', () => {
    let gathers = 0;
    forSeeds(50, (prng) => {
      const history = new History();
      for (let step = 0; step < 600; step++) {
        const at = pick(prng, history.origins);
        const die = prng.below(10);
        if (die === 0) history.claim(at);
        else if (die === 1) history.write(at, []);
        else history.deliver(prng);
        history.claims.settle(history.origins);
        const seen = [...history.appliedAt(at)].filter(([, sequence]) => sequence > 0);
        const token = seen.map(([origin, most]) => ({ origin, sequence: 1 + prng.below(most) }));
        const gathered = gather(history.claims, at, token);
        expect(coversAll(history.closureOf(gathered), token)).toBe(true);
        if (gathered === token) continue;
        gathers++;
        expect(gathered.length).toBeLessThan(token.length);
        const named = gathered.filter((each) => !token.includes(each));
        for (const origin of history.origins) {
          expect(coversAll(history.appliedAt(origin), named)).toBe(true);
        }
      }
    });
    expect(gathers).toBeGreaterThan(100);
  });

  /** Of members a and b, both of which have claimed all that the other had. */
  function settled(): Claims {
    const claims = new Claims();
    claims.add(dot('a5'), dots('c3 d4'));
    claims.add(dot('a8'), dots('c6 b1'));
    claims.add(dot('b2'), dots('a5 c3 d4'));
    claims.add(dot('a9'), dots('b2'));
    claims.add(dot('b3'), dots('a9 c6 d4'));
    claims.add(dot('a10'), dots('b3'));
    claims.settle([id('a'), id('b')]);
    return claims;
  }

  it('names the claim that dominates the others, the first that does', () => {
    expect(gather(settled(), id('a'), dots('c2 d4'))).toEqual(dots('a5'));
    expect(gather(settled(), id('a'), dots('c2 d4 b9'))).toEqual(dots('a5 b9'));
    expect(gather(settled(), id('a'), dots('a7 c2 d4'))).toEqual(dots('a7'));
    expect(gather(settled(), id('a'), dots('a2 c2'))).toEqual(dots('a5'));
  });

  it('stays as it is where that would be no shorter, or has to be waited for', () => {
    for (const token of ['c2', 'c2 b9', 'c2 e1', 'c9 d9'].map(dots)) {
      expect(gather(settled(), id('a'), token)).toBe(token);
    }
    const unsettled = new Claims();
    unsettled.add(dot('a5'), dots('c3 d4'));
    expect(gather(unsettled, id('a'), dots('c2 d4'))).toEqual(dots('c2 d4'));
  });
});
