import type { StoreEvent } from 'holdfast/causal-store';
import type { JournalEvent } from 'holdfast/journal';
import type { LinkEvent } from 'holdfast/link';
import type { Logger } from 'holdfast/telemetry';
import { Refusals, type Refused } from './refusals.ts';

/** What befalls the store, as log lines. */
export function storeLog(log: Logger): (event: StoreEvent | JournalEvent) => void {
  const refusals = new Refusals();
  return (event) => {
    if (event.type === 'link') logLink(event.event, refusals, log);
    else logStore(event, log);
  };
}

type OwnEvent = Exclude<StoreEvent | JournalEvent, { type: 'link' }>;

function logStore(event: OwnEvent, log: Logger): void {
  switch (event.type) {
    case 'started':
      log.info('store opened', { node: event.node, start: event.start });
      return;
    case 'cut':
      log.warn('cut off', { peer: event.peer });
      return;
    case 'exchange':
      if (event.isFirstAfterCut) log.info('exchanged again', { peer: event.peer });
      return;
    case 'rejoining':
      log.info('joining', { through: event.through, because: event.because });
      return;
    case 'snapshot-taken':
      log.info('all data taken over', { peer: event.from, keys: event.keys });
      return;
    case 'collected':
      log.debug('deletes forgotten', { count: event.tombstones });
      return;
    case 'room':
      log.info('the disk has room again');
      return;
    default:
      logTrouble(event, log);
  }
}

/** What somebody may have to do something about. */
function logTrouble(event: OwnEvent, log: Logger): void {
  switch (event.type) {
    case 'fenced':
      log.warn({
        status: 'fenced',
        error: `${event.by} says that this replica was removed. PUT /view adds it again, so does a restart.`,
      });
      return;
    case 'quarantined': {
      const error =
        `${event.writes} writes came back too late to tell whether they were deleted meanwhile: they are ` +
        'in quarantine-*.jsonl in the data folder. Put those that are still wanted.';
      log.error({ status: 'quarantined', error });
      return;
    }
    case 'quarantine-failed':
      log.error({ error: `The quarantine cannot be written: ${event.message}` });
      return;
    case 'many-starts': {
      const error =
        `Of the ${event.startsMax} starts that a store has, with all replicas, ${event.starts} are used. ` +
        'Copy its keys into a new one before they all are, and find out who starts so often.';
      log.warn({ status: 'starts', error });
      return;
    }
    case 'join-refused': {
      const error = `${event.peer} was not let in: there are ${event.membersMax} members, as many as can be.`;
      log.error({ error });
      return;
    }
    case 'stamp-refused': {
      const error = `${event.peer} sends stamps years ahead: its clock is wrong. Nothing is taken from it.`;
      log.error({ error, stamp: event.stamp });
      return;
    }
    case 'collection-held': {
      const error =
        `${event.by} is away: ${event.tombstones} deletes have to be kept until it is back. If it will not ` +
        'come back, take it out with DELETE /view.';
      log.warn({ status: 'held', error });
      return;
    }
    case 'peer-garbage':
      log.error({ error: `${event.peer} sends what no replica sends: ${event.what}` });
      return;
    case 'damage': {
      const { file, offset, what, where } = event.damage;
      const error = `The journal is damaged: ${what}. What is missing is taken from the peers that have it.`;
      log.error({ status: 'damaged', file, offset, where, error });
      return;
    }
    case 'full':
      log.error({
        status: 'full',
        error: 'The disk is full: soon, or already, no more writes are taken. Reads go on. Make room.',
      });
      return;
    case 'snapshot-failed':
      log.warn({ error: `The journal could not be cut short: ${event.failure.message}` });
      return;
    case 'journal-snapshot-failed':
      log.warn({ error: `The journal could not be cut short: ${event.message}` });
      return;
    default:
  }
}

function logLink(event: LinkEvent, refusals: Refusals, log: Logger): void {
  switch (event.type) {
    case 'up':
      log.info('peer up', { peer: event.address, proved: event.proved });
      return;
    case 'down':
      refusals.forget(event.address);
      if (event.reason.kind === 'closed') log.info('peer left', { peer: event.address });
      else log.warn('peer down', { peer: event.address, why: event.reason.message });
      return;
    case 'silent':
      log.warn('peer silent', { peer: event.address });
      return;
    case 'heard':
      log.info('peer heard again', { peer: event.address, silent_ms: Math.round(event.silentMs) });
      return;
    case 'refused':
      logRefusal(event, refusals.count(event), log);
      return;
    case 'paused':
      log.warn('stood still', { paused_ms: Math.round(event.pausedMs) });
      return;
    default:
  }
}

function logRefusal(event: Refused, times: number | undefined, log: Logger): void {
  if (times === undefined) return;
  log.warn('peer refused', {
    peer: event.address,
    by: event.there ? 'the peer' : 'this replica',
    reason: event.reason,
    ...(times > 1 ? { times } : {}),
    error: event.why,
  });
}
