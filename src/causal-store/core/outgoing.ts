import { encodeRecords } from '../messages.ts';
import type { Intake } from './intake.ts';
import { raise, sequenceOf, type Vector } from './vector.ts';

/** What is on its way to a peer that has asked for what it lacks. */
export interface Outgoing {
  readonly epoch: number;
  /** What the peer had when it asked: what was sent since it may have dropped. */
  readonly had: Vector;
  /** Up to here each origin's records were sent, or the peer had them. */
  readonly sent: Map<string, number>;
  /** The next position of the log to look at. */
  cursor: number;
  /** Before this position all records are sent, behind it only this replica's own. */
  readonly catchUpEnd: number;
}

/**
 * The next message of records: what is durable here, and own writes up to `aheadTo`, for which the other
 * disks are waited for as well. In the order of the log, so a peer finds what each depends on before it.
 * What a replica claims to have, its disk has: a claim, and what stands behind it, is not sent ahead.
 */
export function nextBatch(
  intake: Intake,
  own: string,
  outgoing: Outgoing,
  { aheadTo, bytesMax }: { readonly aheadTo: number; readonly bytesMax: number },
): Uint8Array | 'too-far-behind' | undefined {
  const { log, durableEnd } = intake;
  if (outgoing.cursor < log.start) return 'too-far-behind';
  const records: Uint8Array[] = [];
  let size = 0;
  let wantsAck = false;
  for (; outgoing.cursor < log.end && size < bytesMax; outgoing.cursor++) {
    const { record, bytes } = log.at(outgoing.cursor);
    const isOwn = record.origin === own;
    if (!isOwn && outgoing.cursor >= outgoing.catchUpEnd) continue;
    const isAhead = isOwn && record.sequence <= aheadTo;
    if (outgoing.cursor >= durableEnd && !(isAhead && record.kind === 'write')) break;
    if (record.sequence <= sequenceOf(outgoing.sent, record.origin)) continue;
    raise(outgoing.sent, record.origin, record.sequence);
    records.push(bytes);
    size += bytes.byteLength;
    wantsAck ||= isAhead;
  }
  if (records.length === 0) return undefined;
  return encodeRecords({ epoch: outgoing.epoch, wantsAck, records });
}
