import type { Model } from '../model.ts';

export type QueueInput = { readonly type: 'enqueue'; readonly item: string } | { readonly type: 'dequeue' };

/** Herlihy and Wing's example: first in, first out; a dequeue of an empty queue does not return. */
export const queueModel: Model<readonly string[], QueueInput, string | undefined> = {
  initial: () => [],
  step(queue, input, answered) {
    if (input.type === 'enqueue') return [...queue, input.item];
    const [first, ...rest] = queue;
    if (first === undefined) return undefined;
    return answered === undefined || answered.output === first ? rest : undefined;
  },
  effect: () => 'changes',
  stateKey: (queue) => JSON.stringify(queue),
  inputKey: (input) => JSON.stringify(input),
  partition: (history) => [history],
  describe: (input, answered) =>
    input.type === 'enqueue' ? `enqueue ${input.item}` : `dequeue -> ${answered?.output ?? '?'}`,
  describeState: (queue) => `it holds ${queue.join(', ')}`,
};
