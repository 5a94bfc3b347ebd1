import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Chain } from './testing/chain.ts';
import { tell, until } from './testing/figures.ts';

/** Ample: what is counted must not depend on how busy the machine is. */
const timeoutMs = 8_000;
const requests = 10;
/** How much later than the client's call the work of a hop may end. */
const toleranceMs = 500;
const hops = ['a', 'b', 'c'] as const;

let chain: Chain;

beforeAll(async () => {
  chain = await Chain.start();
}, 90_000);

afterAll(() => chain?.close());

describe.each(['http', 'grpc'] as const)('A -> B -> C -> D over %s', (via) => {
  it('answers', async () => {
    const { id, status } = await chain.ask({ method: 'GET', via, how: 'ok', timeoutMs });
    expect(status).toBe(200);
    expect(chain.attempts(id)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
  });

  it('adds retries up when D fails', async () => {
    const seen = [];
    for (let number = 0; number < requests; number++) {
      const { id, status } = await chain.ask({ method: 'GET', via, how: 'fail', timeoutMs });
      expect(status).toBe(500);
      seen.push(chain.attempts(id));
    }
    for (const { a, b, c, d } of seen) {
      expect(a).toBe(1);
      expect(b).toBeLessThanOrEqual(3);
      expect(c).toBeLessThanOrEqual(5);
      expect(d).toBeLessThanOrEqual(7);
    }
    const most = Math.max(...seen.map(({ d }) => d));
    // There were retries to add up.
    expect(most).toBeGreaterThan(3);
    tell(`three hops over ${via}, the last service failing`, {
      requests,
      'seen by it for one of them': `at most ${most}`,
    });
  });

  it('executes a POST once when D fails', async () => {
    for (let number = 0; number < requests; number++) {
      const { id, status } = await chain.ask({ method: 'POST', via, how: 'fail', timeoutMs });
      expect(status).toBe(500);
      expect(chain.attempts(id)).toEqual({ a: 1, b: 1, c: 1, d: 1 });
    }
  });

  it.each(['GET', 'POST'] as const)('ends a %s everywhere by its deadline', async (method) => {
    const asked = await chain.ask({ method, via, how: 'dawdle', timeoutMs: 300 });
    const { id, startedAtMs, endedAtMs } = asked;
    await until(() => isOver(id), 'every hop has stopped working');

    // Its own timer ended it, or A's did a moment before: what remains is told in whole milliseconds.
    expect(['deadline_exceeded', 504]).toContain(asked.code ?? asked.status);
    const tookMs = endedAtMs - startedAtMs;
    expect(tookMs).toBeGreaterThan(280);
    expect(tookMs).toBeLessThan(300 + toleranceMs);
    const ends = hops.flatMap((hop) => chain.notes('ended', hop, id));
    const codes = ends.map(({ code }) => code);
    if (method === 'POST') expect(codes).toEqual(Array(3).fill('deadline_exceeded'));
    const lastMs = Math.max(...[...ends, ...chain.notes('gone', 'd', id)].map(({ atMs }) => atMs));
    expect(lastMs - endedAtMs).toBeLessThan(toleranceMs);
    const remaining = [...hops, 'd'].map((hop) => chain.notes('seen', hop, id)[0]?.remainingMs ?? 0);
    expect(remaining[0]).toBeLessThanOrEqual(300);
    for (const [index, ms] of remaining.slice(1).entries()) expect(ms).toBeLessThan(remaining[index] ?? 0);
    expect(remaining.at(-1)).toBeGreaterThan(0);
    tell(`three hops over ${via}, a ${method} with 300 ms`, {
      'the client ended after': `${Math.round(tookMs)} ms`,
      'the last of the hops': `${Math.round(lastMs - endedAtMs)} ms after it`,
      'remaining at A, B, C, D': remaining.map((ms) => ms.toFixed(1)).join(' > '),
      'seen by D': chain.attempts(id).d,
    });
  });
});

describe('services that do not tell each other what is a retry', () => {
  it('multiply their retries: this is what the header prevents', async () => {
    const { id } = await chain.ask({ method: 'GET', via: 'forgetful', how: 'fail', timeoutMs });
    const { d } = chain.attempts(id);
    expect(d).toBeGreaterThan(7);
    tell('three hops without the header', { 'seen by D for one request': d });
  });
});

/** Nobody works for the request any more: the calls of A, B and C have ended, and D saw its callers leave. */
function isOver(id: string): boolean {
  const count = (what: 'seen' | 'ended' | 'gone', service: string) => chain.notes(what, service, id).length;
  return (
    hops.every((hop) => count('ended', hop) === count('seen', hop)) &&
    count('gone', 'd') === count('seen', 'd')
  );
}
