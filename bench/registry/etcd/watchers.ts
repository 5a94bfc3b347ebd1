import type { Instance } from 'holdfast/calls';
import { TrafficCount } from '../traffic.ts';
import { indexOf, serviceName, versionOf } from '../versions.ts';
import { type Sight, serveWatchers } from '../watching.ts';
import {
  EtcdClient,
  prefixRequest,
  rangeReply,
  type WatchEvent,
  watchReply,
  watchRequest,
} from './wire.ts';

const [address = ''] = process.argv.slice(2);
const traffic = new TrafficCount();
const prefix = `/${serviceName}/`;

serveWatchers(
  traffic,
  (sight) => void open(sight),
  () => undefined,
);

/** As etcd's clients do it: the list at a revision, then what came after it. */
async function open(sight: Sight): Promise<void> {
  const client = new EtcdClient(address);
  const { revision, events } = rangeReply(await client.ask('range', prefixRequest(prefix)));
  for (const event of events) note(event, sight);
  const watch = client.stream('watch', (message) => {
    for (const event of watchReply(message)) note(event, sight);
  });
  watch(watchRequest(prefix, revision + 1n));
}

function note({ isDelete, key, value }: WatchEvent, sight: Sight): void {
  const index = indexOf(key);
  if (isDelete) sight.dropped(index);
  else sight.shows(index, versionOf(JSON.parse(Buffer.from(value).toString()) as Instance));
}
