// Appends to the journal in a folder until it is killed, and prints the number of each record once it is
// durable. Also takes snapshots of the numbers so far.

import { writeSync } from 'node:fs';
import { nodeHost } from '../../../host/node/index.ts';
import { openJournal } from '../../index.ts';

const [folder = '', segmentBytes = ''] = process.argv.slice(2);
const host = nodeHost({ faultsAllowed: false });
const numberBytes = 8;

function encode(number: number): Uint8Array {
  const bytes = new Uint8Array(numberBytes + (number % 300));
  new DataView(bytes.buffer).setFloat64(0, number);
  return bytes;
}

openJournal(
  {
    disk: host.disk,
    clock: host.clock,
    folder,
    segmentBytes: Number(segmentBytes),
    onDamage: 'truncate',
    fatal: (failure) => process.stderr.write(`${failure.message}\n`),
  },
  { snapshot: () => {}, record: () => {} },
  (outcome) => {
    if (!outcome.ok) throw new Error(outcome.failure.message);
    const { journal } = outcome;
    const appendNext = (): void => {
      const number = journal.position;
      const accepted = journal.append(encode(number), () => {
        // At once, and not through a stream that a kill would empty unread.
        writeSync(1, `${number}\n`);
        appendNext();
      });
      if (!accepted) host.clock.setTimer(1, appendNext);
    };
    const snapshotNow = (position: number) => {
      let left = position;
      return () => (left-- > 0 ? encode(position - left - 1).subarray(0, numberBytes) : undefined);
    };
    const takeSnapshot = (): void => {
      journal.snapshot(snapshotNow, () => host.clock.setTimer(20, takeSnapshot));
    };
    for (let appender = 0; appender < 8; appender++) appendNext();
    takeSnapshot();
  },
);
