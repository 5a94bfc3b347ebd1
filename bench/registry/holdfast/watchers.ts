import type { Instance } from 'holdfast/calls';
import { nodeHost } from 'holdfast/host/node';
import { createRegistryClient } from 'holdfast/registry';
import { nowUs } from '../messages.ts';
import { TrafficCount } from '../traffic.ts';
import { indexOf, serviceName, versionOf } from '../versions.ts';
import { type Sight, serveWatchers } from '../watching.ts';
import { StreamCheck } from './stream-check.ts';

const [address = '', key] = process.argv.slice(2);
const host = nodeHost({ faultsAllowed: false });
const traffic = new TrafficCount();
const check = new StreamCheck();

serveWatchers(traffic, open, () => check.read());

function open(sight: Sight): void {
  const client = createRegistryClient({
    ...{ host, registries: [address], key },
    observe: ({ type }) => {
      if (type === 'watch-opened') sight.openedUs = nowUs();
    },
  });
  let last: readonly Instance[] | undefined;
  client.discovery.watch(serviceName, (view) => {
    if (view.status !== 'known') return;
    const noted = compare(last ?? [], view.instances, sight);
    if (last !== undefined && noted === 0) sight.equalViews += 1;
    last = view.instances;
  });
}

/** Notes what became of the instances from one view to the next, both in the order of ids. */
function compare(before: readonly Instance[], after: readonly Instance[], sight: Sight): number {
  let noted = 0;
  let at = 0;
  for (const instance of after) {
    for (; (before[at]?.id ?? instance.id) < instance.id; at++) {
      sight.dropped(indexOf((before[at] as Instance).id));
      noted += 1;
    }
    const old = before[at]?.id === instance.id ? before[at++] : undefined;
    if (old === instance || (old !== undefined && versionOf(old) === versionOf(instance))) continue;
    sight.shows(indexOf(instance.id), versionOf(instance));
    noted += 1;
  }
  for (const { id } of before.slice(at)) {
    sight.dropped(indexOf(id));
    noted += 1;
  }
  return noted;
}
