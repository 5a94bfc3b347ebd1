import { expect, it } from 'vitest';
import { checkCausal } from './check.ts';
import { CausalHistory } from './history.ts';
import { limits } from './limits.ts';

it('takes each value and each id of a delete from one write only', () => {
  const history = new CausalHistory();
  history.session('a').put('x', 1).delete('x', 'gone');
  const twice = expect.objectContaining({ code: 'invalid_argument' });
  expect(() => history.session('b').put('y', 1)).toThrow(twice);
  expect(() => history.session('b').delete('x', 'gone')).toThrow(twice);
  expect(() => history.session('b').put('x', 'gone')).toThrow(twice);
});

it('keeps values of one look and two types apart', () => {
  const history = new CausalHistory();
  history.session('a').put('x', 1).put('x', '1');
  history.session('b').get('x', '1').get('x', 1);
  expect(checkCausal(history)).toMatchObject({ ok: false, violation: { kind: 'monotonic-reads' } });
});

it('keeps a session and a replica of one name apart', () => {
  const history = new CausalHistory();
  history.session('a').put('x', 1);
  history.final('a').get('x', 1);
  history.session('a').put('x', 2);
  expect(checkCausal(history)).toMatchObject({ ok: false, violation: { kind: 'stale-final' } });
});

it('bounds the sessions', () => {
  const history = new CausalHistory();
  for (let session = 0; session < limits.sessionsMax; session++) history.session(`${session}`);
  expect(history.session('0')).toBe(history.session('0'));
  expect(() => history.session('one more')).toThrow(
    expect.objectContaining({ code: 'resource_exhausted' }),
  );
});

it('counts what was added in either form', () => {
  const history = new CausalHistory();
  history.session('a').put('x', 1).get('x', 1);
  history.add('b', { type: 'get', key: 'x', value: 1 });
  history.add('b', { type: 'delete', key: 'x', outcome: 'unknown' });
  history.add('b', { type: 'absent', key: 'x' });
  expect([history.operationCount, history.sessionCount]).toEqual([5, 2]);
  expect(checkCausal(history)).toEqual({ ok: true });
});
