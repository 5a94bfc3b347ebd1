import { must } from '../../../std/index.ts';
import type { CausalHistory, CausalOperation } from '../history.ts';
import { historyOf, type Recorded } from './recorded.ts';

/**
 * A history as a few lines: a session, and what it did in order; `lose` is a put whose answer was lost,
 * `absent` a get that found nothing. What a replica holds in the end stands behind `end of`.
 *
 *     a: put x 1, delete x d1, lose x 2
 *     b: get x 1, absent x d1
 *     end of r1: get x 2
 */
export function parse(story: string): CausalHistory {
  const recorded = story
    .trim()
    .split('\n')
    .flatMap((line): Recorded[] => {
      const [, end, session, calls] = must(
        /^ *(end of )?(\S+): (.*)$/.exec(line) ?? undefined,
        'a session',
      );
      return must(calls, 'calls')
        .split(', ')
        .map((call) => ({
          session: must(session, 'a name'),
          operation: operationOf(call),
          isFinal: end !== undefined,
        }));
    });
  return historyOf(recorded);
}

function operationOf(call: string): CausalOperation {
  const [what, key, value] = call.split(' ') as [string, string, string | undefined];
  const mark = value !== undefined && /^\d+$/.test(value) ? Number(value) : value;
  switch (what) {
    case 'put':
      return { type: 'put', key, value: must(mark, 'a value') };
    case 'lose':
      return { type: 'put', key, value: must(mark, 'a value'), outcome: 'unknown' };
    case 'get':
      return { type: 'get', key, value: must(mark, 'a value') };
    case 'delete':
      return mark === undefined ? { type: 'delete', key } : { type: 'delete', key, id: mark };
    case 'absent':
      return mark === undefined ? { type: 'absent', key } : { type: 'absent', key, by: mark };
    default:
      throw new Error(`"${call}" is not a call.`);
  }
}
