import type { Disk } from '../../host/index.ts';
import type { Quarantine } from '../core/events.ts';

/**
 * Writes what was set aside to `quarantine-<incarnation>.jsonl`, a line of JSON for each write, and syncs
 * it. The same quarantine has the same file: writing it again after a crash changes nothing.
 */
export function writeQuarantine(
  disk: Disk,
  folder: string,
  { origin, writes }: Quarantine,
  done: (failure: string | undefined) => void,
): void {
  const text = writes.map((write) => `${JSON.stringify(write)}\n`).join('');
  disk.open(`${folder}/quarantine-${origin}.jsonl`, { create: true }, (opened) => {
    if (!opened.ok) {
      done(opened.failure.message);
      return;
    }
    const file = opened.value;
    const finish = (failure: string | undefined): void => file.close(() => done(failure));
    file.write(0, Buffer.from(text), (written) => {
      if (!written.ok) finish(written.failure.message);
      else
        file.sync((synced) => {
          if (!synced.ok) finish(synced.failure.message);
          else disk.syncDirectory(folder, (named) => finish(named.ok ? undefined : named.failure.message));
        });
    });
  });
}
