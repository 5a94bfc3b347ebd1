import { unreachable } from '../../../std/index.ts';
import { CausalHistory, type CausalOperation } from '../history.ts';

/** One operation of a history, as it can be changed. */
export interface Recorded {
  /** The session; of what a replica holds in the end, the replica. */
  readonly session: string;
  readonly operation: CausalOperation;
  readonly isFinal?: boolean;
}

export function historyOf(operations: readonly Recorded[]): CausalHistory {
  const history = new CausalHistory();
  for (const { session, operation, isFinal } of operations) {
    if (isFinal === true) addFinal(history, session, operation);
    else history.add(session, operation);
  }
  return history;
}

function addFinal(history: CausalHistory, replica: string, operation: CausalOperation): void {
  switch (operation.type) {
    case 'get':
      history.final(replica).get(operation.key, operation.value);
      break;
    case 'absent':
      history.final(replica).absent(operation.key, operation.by);
      break;
    case 'put':
    case 'delete':
      throw new Error('A final state does not write.');
    default:
      unreachable(operation);
  }
}
