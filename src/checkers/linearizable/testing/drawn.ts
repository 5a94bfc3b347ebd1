import { must } from '../../../std/index.ts';
import type { RegisterInput, RegisterOutput, RegisterValue } from '../models/register.ts';
import type { TimedOperation } from '../operation.ts';
import type { QueueInput } from './queue.ts';

/** What stands between the bars. */
interface Call<Input, Output> {
  readonly input: Input;
  readonly output: Output;
}

/**
 * A history as it is drawn, a line for each client. A bar is a call or a return, its column the time; an
 * operation without an answer has an open end.
 *
 *     a: |write 1|      |read 2|
 *     b:      |write 2 ...
 */
export function drawn<Input, Output>(
  picture: string,
  read: (text: string) => Call<Input, Output>,
): readonly TimedOperation<Input, Output>[] {
  return picture
    .split('\n')
    .filter((line) => line.includes('|'))
    .flatMap((line) => {
      const client = must(/(\S+):/.exec(line)?.[1], 'a client');
      return [...line.matchAll(/\|([^|]+?)(\||\.\.\.)/g)].map((match) => {
        const { input, output } = read(must(match[1], 'a call').trim());
        const call = { client, callMs: match.index, input };
        if (match[2] !== '|') return call;
        return { ...call, answer: { returnMs: match.index + match[0].length - 1, output } };
      });
    });
}

/** `write 1`, `read 1`, `read nothing`, `cas 1 2 done`, `cas 1 2 refused`. */
export function ofRegister(text: string): Call<RegisterInput, RegisterOutput> {
  const [type, one, other, end] = text.split(' ');
  const value = (word: string | undefined): RegisterValue => (word === 'nothing' ? null : Number(word));
  if (type === 'read') return { input: { type }, output: value(one) };
  if (type === 'write') return { input: { type, value: value(one) }, output: undefined };
  return { input: { type: 'cas', expected: value(one), value: value(other) }, output: end === 'done' };
}

/** `enqueue x`, `dequeue x`. */
export function ofQueue(text: string): Call<QueueInput, string | undefined> {
  const [type, item] = text.split(' ') as [string, string];
  if (type === 'dequeue') return { input: { type }, output: item };
  return { input: { type: 'enqueue', item }, output: undefined };
}

/** `order 7`, `order refused`. */
export function ofTickets(text: string): Call<string, number | 'refused'> {
  const [input, output] = text.split(' ') as [string, string];
  return { input, output: output === 'refused' ? output : Number(output) };
}
