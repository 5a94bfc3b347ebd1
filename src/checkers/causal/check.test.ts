import { describe, expect, it } from 'vitest';
import { checkCausal } from './check.ts';
import { CausalHistory } from './history.ts';
import { limits } from './limits.ts';
import { ModelStore } from './testing/model-store.ts';
import { historyOf, type Recorded } from './testing/recorded.ts';
import { parse } from './testing/story.ts';

const seed = 7;

describe('a hundred thousand operations of fifty sessions', () => {
  const operations = longHistory();

  it('are consistent as the store did them', () => {
    expect(checkCausal(historyOf(operations)), `longHistory of seed ${seed}`).toEqual({ ok: true });
  });

  it('are not once a session reads what it has overwritten itself', () => {
    const verdict = checkCausal(historyOf(withLostWrite(operations)));
    const lines = verdict.ok ? [] : verdict.violation.lines;
    expect(lines[0]).toBe('read-your-writes: A session did not see its own write.');
    // Two writes and a read between what it is called and what follows: nothing of all the rest.
    expect(lines).toHaveLength(5);
  });
});

describe('what is consistent', () => {
  const stories = {
    'no operations at all': '',
    'a read before its write was recorded': 'b: get x 1\na: put x 1',
    'writes in either order for sessions that see only one':
      'a: put x 1\nb: put x 2\nc: get x 1\nd: get x 2',
    'an old value for who depends on nothing newer': 'a: put x 1, put x 2\nb: get x 1',
    'a write whose answer was lost, and which nobody sees': 'a: put x 1, lose x 2, get x 1',
    'a write whose answer was lost, seen late': 'a: put x 1, lose x 2, get x 1, get x 2',
    'nothing before any write was seen': 'a: put x 1\nb: absent x, get x 1',
    'a value after one of two deletes, when it was written after that':
      'a: put x 1\nb: delete x\nc: delete x\nd: absent x, put x 2, get x 2',
    'replicas of which one has forgotten a delete':
      'a: delete x d1\nb: delete x d2\nend of r1: absent x d1\nend of r2: absent x',
  };

  it.each(Object.entries(stories))('%s', (_, story) => {
    expect(checkCausal(story === '' ? new CausalHistory() : parse(story))).toEqual({ ok: true });
  });
});

it('refuses what does not fit in memory before it takes any', () => {
  const history = new CausalHistory();
  for (let session = 0; session < limits.sessionsMax; session++) history.session(`${session}`);
  const operations = limits.clockEntriesMax / limits.sessionsMax;
  for (let value = 0; value <= operations; value++) history.session('0').put('x', value);
  expect(() => checkCausal(history)).toThrow(expect.objectContaining({ code: 'resource_exhausted' }));
});

function longHistory(): readonly Recorded[] {
  const store = new ModelStore({
    seed,
    sessions: 50,
    replicas: 5,
    keys: 1_000,
    putShare: 0.3,
    deleteShare: 0.05,
    unknownShare: 0.02,
    operationsPerDelivery: 4,
    tellsDeletes: false,
  });
  const operations = Array.from({ length: 100_000 }, () => store.next());
  return [...operations, ...store.end()];
}

/** The first read of a key that its session has written twice returns the first of the two. */
function withLostWrite(operations: readonly Recorded[]): readonly Recorded[] {
  const written = new Map<string, Extract<Recorded['operation'], { type: 'put' }>[]>();
  const changed = operations.findIndex(({ session, operation, isFinal }) => {
    const puts = written.get(`${session} ${operation.key}`) ?? [];
    written.set(`${session} ${operation.key}`, puts);
    if (operation.type === 'put' && operation.outcome === 'acknowledged') puts.push(operation);
    return operation.type === 'get' && puts.length === 2 && isFinal !== true;
  });
  return operations.map(({ session, operation, ...rest }, index) => {
    const value = written.get(`${session} ${operation.key}`)?.[0]?.value;
    if (index !== changed || value === undefined) return { session, operation, ...rest };
    return { session, operation: { type: 'get', key: operation.key, value } };
  });
}
