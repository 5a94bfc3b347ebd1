import type { Instance } from '../../calls/index.ts';
import type { WatchFrame } from '../watch-frame.ts';

export function instance(id: string, incarnation: string, extra: Partial<Instance> = {}): Instance {
  return { id, incarnation, host: '127.0.0.1', port: 8080, state: 'ready', weight: 1, ...extra };
}

/** A frame in one line. `epoch` is shown as `e`, any other as itself. */
export function frameLine(frame: WatchFrame, epoch = 'e'): string {
  const at = `${frame.position.epoch === epoch ? 'e' : frame.position.epoch}-${frame.position.revision}`;
  if (frame.type === 'snapshot') {
    const listed = frame.instances.map(({ service, instance: one }) => `${service}/${one.id}`).sort();
    return `${at} snapshot${frame.warming ? ' warming' : ''} [${listed.join(' ')}]`;
  }
  if (frame.type !== 'change') return `${at} ${frame.type}`;
  const { change } = frame;
  if (change.kind === 'remove') {
    return `${at} remove ${change.service}/${change.id} ${change.incarnation} ${change.why}`;
  }
  const { id, incarnation, state } = change.instance;
  return `${at} put ${change.service}/${id} ${incarnation} ${state}`;
}
