import { describeError } from '../../std/index.ts';
import type { Found } from '../up/driver/control-client.ts';
import { runFileOf } from '../up/driver/run-file.ts';

/** Why there is nothing to talk to, and what to do. */
export function notRunningText(found: Exclude<Found, { kind: 'running' }>, dataFolder: string): string {
  switch (found.kind) {
    case 'nothing':
      return 'Nothing runs here. Start it with: npx holdfast up';
    case 'dead':
      return (
        `holdfast up (pid ${found.record.pid}) was killed, and what it ran ended with it. ` +
        'Start it again with: npx holdfast up'
      );
    case 'silent':
      return (
        `holdfast up (pid ${found.record.pid}) does not answer for ${dataFolder}. ` +
        'It may be paused or very busy.'
      );
    case 'locked':
      return (
        `holdfast up (pid ${found.record.pid}) cannot be asked. ${found.why} ` +
        `Put the old key back, or stop it with: kill ${found.record.pid}`
      );
    case 'unreadable':
      return (
        `${runFileOf(dataFolder)} cannot be read (${describeError(found.error)}), and no running ` +
        'holdfast up has mended it. Start one with: npx holdfast up'
      );
    default:
      return found satisfies never;
  }
}
