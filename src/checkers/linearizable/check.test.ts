import { describe, expect, it } from 'vitest';
import { checkLinearizable } from './check.ts';
import { type KeyValueInput, keyValueModel } from './models/key-value.ts';
import { type RegisterInput, type RegisterOutput, registerModel } from './models/register.ts';
import { ticketModel } from './models/tickets.ts';
import type { TimedOperation } from './operation.ts';
import { simulate } from './testing/atomic-object.ts';
import { drawn, ofRegister } from './testing/drawn.ts';
import { AtomicRegister, AtomicStore, AtomicTickets } from './testing/objects.ts';

const large = { seed: 7, clients: 10, operations: 100_000, lostShare: 0.01, takesMsMax: 100 };

describe('a hundred thousand operations of ten clients', () => {
  const history = simulate(new AtomicStore(100), large);

  it('of a hundred keys are linearizable as the store did them', () => {
    expect(checkLinearizable(keyValueModel, history), 'seed 7').toEqual({ type: 'linearizable' });
  });

  it('are not once a get returns what was overwritten long before, which three operations show', () => {
    const index = history.findIndex(({ input }, at) => at > 60_000 && input.type === 'get');
    const get = history[index];
    const put = history.find(({ input }) => input.type === 'put' && input.key === get?.input.key);
    if (get?.answer === undefined || put?.input.type !== 'put') expect.fail('seed 7 has no such get');
    const answer = { ...get.answer, output: put.input.value };
    const verdict = checkLinearizable(keyValueModel, history.with(index, { ...get, answer }));
    if (verdict.type !== 'not-linearizable') expect.fail(verdict.type);
    expect(verdict.counterExample.operations).toHaveLength(3);
    expect(verdict.counterExample.stuck.answer).toBe(answer);
  });

  it('of one register, and of one counter, are linearizable', () => {
    const register = simulate(new AtomicRegister(50), { ...large, lostShare: 0 });
    expect(checkLinearizable(registerModel(), register), 'seed 7').toEqual({ type: 'linearizable' });
    const tickets = simulate(new AtomicTickets(150_000), large);
    expect(checkLinearizable(ticketModel(), tickets), 'seed 7').toEqual({ type: 'linearizable' });
  });
});

describe('the budget', () => {
  // Swaps that all overlap, and a read of what the last of them has overwritten.
  const row = (client: string, text: string): string => `${client}: |${text.padEnd(20)}|`;
  const swaps = Array.from({ length: 9 }, (_, index) => row(`c${index}`, `cas ${index} ${index + 1} done`));
  const right = drawn([row('a', 'write 0'), ...swaps].join('\n'), ofRegister);
  const wrong = [...right, ...drawn('b:                         |read 5|', ofRegister)];

  it('leaves it undecided once it is used up', () => {
    const verdict = checkLinearizable(registerModel(), wrong, { stepsMax: 5 });
    expect(verdict).toEqual({ type: 'undecided', steps: expect.any(Number) });
  });

  it('never makes it wrong', () => {
    for (const [history, type] of [
      [right, 'linearizable'],
      [wrong, 'not-linearizable'],
    ] as const) {
      expect(checkLinearizable(registerModel(), history).type).toBe(type);
      for (let stepsMax = 0; stepsMax < 200; stepsMax++) {
        const limited = checkLinearizable(registerModel(), history, { stepsMax }).type;
        expect(['undecided', type], `stepsMax ${stepsMax}`).toContain(limited);
      }
    }
  });

  it('is shared by the parts: one that is wrong is found beside one that is undecided', () => {
    const undecided = ofKey('x', right);
    const stale = ofKey('y', drawn('z: |read 4|', ofRegister));
    expect(checkLinearizable(keyValueModel, undecided, { stepsMax: 6 }).type).toBe('undecided');
    const verdict = checkLinearizable(keyValueModel, [...undecided, ...stale], { stepsMax: 6 });
    expect(verdict.type).toBe('not-linearizable');
  });
});

describe('times that cannot be', () => {
  it.each([
    ['a return before the call', 3, 2],
    ['no number', Number.NaN, 2],
    ['no number at the end', 3, Number.NaN],
  ])('are refused: %s', (_, callMs, returnMs) => {
    const history = [
      { client: 'a', callMs, input: { type: 'read' } as const, answer: { returnMs, output: null } },
    ];
    expect(() => checkLinearizable(registerModel(), history)).toThrow(
      expect.objectContaining({ code: 'invalid_argument' }),
    );
  });
});

function ofKey(
  key: string,
  history: readonly TimedOperation<RegisterInput, RegisterOutput>[],
): readonly TimedOperation<KeyValueInput, RegisterOutput>[] {
  return history.map(({ input, ...rest }) => {
    if (input.type === 'read') return { ...rest, input: { type: 'get', key } };
    return { ...rest, input: input.type === 'write' ? { ...input, type: 'put', key } : { ...input, key } };
  });
}
