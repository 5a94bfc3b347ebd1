import type { Model } from '../model.ts';

/** The number that was given, or that none was: then nothing has happened. */
export type TicketOutput = number | 'refused';

/**
 * A counter that gives each who asks the next number, or refuses: orders get consecutive numbers in the order
 * they are accepted. The input is what was asked for, in words for people; it makes no difference.
 */
export function ticketModel(first = 0): Model<number, string, TicketOutput> {
  return {
    initial: () => first,
    step(next, _, answered) {
      if (answered?.output === 'refused') return next;
      return answered === undefined || answered.output === next ? next + 1 : undefined;
    },
    effect: (_, answered) => (answered?.output === 'refused' ? 'observes' : 'changes'),
    stateKey: (next) => `${next}`,
    inputKey: () => '',
    partition: (history) => [history],
    describe: (input, answered) => (answered === undefined ? input : `${input} -> ${answered.output}`),
    describeState: (next) => `the next number is ${next}`,
  };
}
