import { describe, expect, it } from 'vitest';
import { limits } from '../limits.ts';
import { dots } from '../testing/records.ts';
import type { Request } from './events.ts';
import { Confirmations, Waits } from './requests.ts';

function request(id: unknown): Request {
  return { kind: 'get', id, key: 'k', token: dots('a1') };
}

const ids = (requests: readonly { readonly id: unknown }[]): unknown[] => requests.map(({ id }) => id);

describe('requests that wait for their token', () => {
  it('are taken out once they may go on, each once', () => {
    const waits = new Waits(50);
    for (const id of [1, 2, 3]) waits.add(request(id), 0);
    expect(ids(waits.ready(({ id }) => id !== 2))).toEqual([1, 3]);
    expect(waits.size).toBe(1);
    expect(ids(waits.ready(() => true))).toEqual([2]);
    expect(waits.ready(() => true)).toEqual([]);
  });

  it('are over after their time, the first first', () => {
    const waits = new Waits(50);
    expect(waits.dueMs).toBe(Number.POSITIVE_INFINITY);
    waits.add(request(1), 0);
    waits.add(request(2), 30);
    expect(waits.dueMs).toBe(50);
    expect(waits.expired(49)).toEqual([]);
    expect(ids(waits.expired(50))).toEqual([1]);
    expect(waits.dueMs).toBe(80);
    expect(ids(waits.expired(1_000))).toEqual([2]);
  });

  it('are bounded in what they hold, which is given back with each that goes', () => {
    const waits = new Waits(50);
    const value = 'x'.repeat(limits.waitingCharactersMax / 2 - 1);
    const put = (id: number): Request => ({ ...request(id), kind: 'put', value });
    expect([waits.add(put(1), 0), waits.add(put(2), 1), waits.add(put(3), 2)]).toEqual([true, true, false]);
    expect(ids(waits.ready(({ id }) => id === 2))).toEqual([2]);
    expect([waits.add(put(4), 3), waits.add(put(5), 3)]).toEqual([true, false]);
    expect(ids(waits.expired(50))).toEqual([1]);
    expect([waits.add(put(6), 60), waits.add(put(7), 60)]).toEqual([true, false]);
  });

  it('are bounded', () => {
    const waits = new Waits(50);
    for (let count = 0; count < limits.waitingMax; count++) expect(waits.add(request(count), 0)).toBe(true);
    expect(waits.add(request('one more'), 0)).toBe(false);
    expect(waits.size).toBe(limits.waitingMax);
  });
});

describe('writes that wait for other disks', () => {
  const answer = { kind: 'created', token: [], isReplicated: true } as const;
  const writing = (id: number, copies: number, dueMs = 1_000) => ({
    id,
    answer,
    sequence: id,
    copies,
    dueMs,
  });

  it('are confirmed when enough disks have them', () => {
    const confirmations = new Confirmations();
    confirmations.add(writing(1, 2));
    confirmations.add(writing(2, 3));
    confirmations.add(writing(3, 2));
    expect(ids(confirmations.confirmed((sequence) => (sequence <= 2 ? 2 : 1)))).toEqual([1]);
    expect(ids(confirmations.confirmed(() => 3)).sort()).toEqual([2, 3]);
    expect(confirmations.size).toBe(0);
  });

  it('are over after their time, or all at once', () => {
    const confirmations = new Confirmations();
    confirmations.add(writing(1, 2, 100));
    confirmations.add(writing(2, 2, 200));
    expect(confirmations.dueMs).toBe(100);
    expect(ids(confirmations.expired(150))).toEqual([1]);
    expect(ids(confirmations.all())).toEqual([2]);
    expect(confirmations.dueMs).toBe(Number.POSITIVE_INFINITY);
  });
});
