import { parentPort, workerData } from 'node:worker_threads';
import { nodeHost } from '../../../host/node/index.ts';
import {
  type Announcement,
  createRegistryClient,
  newIncarnation,
  type RegistryClient,
} from '../../../registry/index.ts';
import { instanceAt, service, stateAt } from './steps.ts';

/** Long enough for a machine that is too busy to renew on time: this is not about leases. */
const leaseMs = 30_000;

interface Member {
  readonly client: RegistryClient;
  announcement: Announcement | undefined;
}

/** A thread of announcers: those who watch, and are busy with it, do not keep them from renewing. */
const host = nodeHost({ faultsAllowed: false });
const { address } = workerData as { readonly address: string };
const members = new Map<number, Member>();

parentPort?.on('message', ({ number, step }: { readonly number: number; readonly step: number }) => {
  const member = members.get(number) ?? start(number, step);
  const state = stateAt(step);
  if (state === 'starting') member.announcement = announce(member.client, number, step);
  else if (state === 'gone') member.announcement?.withdraw(() => {});
  else member.announcement?.setState(state);
});

/** Each has a client and so a connection of its own, as a process has. */
function start(number: number, step: number): Member {
  const client = createRegistryClient({
    ...{ host, registries: [address] },
    observe: ({ type }) => {
      if (type === 'registered') parentPort?.postMessage(number);
    },
  });
  const member = { client, announcement: announce(client, number, step) };
  members.set(number, member);
  return member;
}

function announce(client: RegistryClient, number: number, step: number): Announcement {
  return client.announce(instanceAt(step, number, newIncarnation(host)), service, { leaseMs });
}
