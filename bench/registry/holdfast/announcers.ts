import { channel } from 'node:diagnostics_channel';
import { nodeHost } from 'holdfast/host/node';
import { type Announcement, createRegistryClient, newIncarnation } from 'holdfast/registry';
import { type Announcer, serveAnnouncers } from '../announcing.ts';
import { nowUs } from '../messages.ts';
import { TrafficCount } from '../traffic.ts';
import { instanceIn, momentOf, serviceName } from '../versions.ts';

const [address = '', key] = process.argv.slice(2);
const host = nodeHost({ faultsAllowed: false });
const traffic = new TrafficCount();
channel('undici:request:headers').subscribe(() => {
  traffic.requests += 1;
});

class HoldfastAnnouncer implements Announcer {
  readonly #index: number;
  readonly #listed = Promise.withResolvers<void>();
  readonly #client = createRegistryClient({
    host,
    registries: [address],
    key,
    observe: ({ type }) => {
      if (type === 'announce-failed') this.listedUs = undefined;
      if (type !== 'registered') return;
      this.listedUs ??= nowUs();
      this.#listed.resolve();
    },
  });
  #announcement: Announcement | undefined;
  listedUs: number | undefined = 0;

  constructor(index: number) {
    this.#index = index;
  }

  start(version: number): Promise<void> {
    const instance = instanceIn(version, this.#index, newIncarnation(host));
    this.#announcement = this.#client.announce(instance, serviceName);
    return this.#listed.promise;
  }

  change(version: number): void {
    const moment = momentOf(version);
    if (moment === 'starting') void this.start(version);
    else if (moment === 'gone') this.#announcement?.withdraw((confirmed) => this.#gone(confirmed));
    else this.#announcement?.setState(moment);
  }

  /** A goodbye that no registry took is lost as well; the next life is what it hears of. */
  #gone(confirmed: boolean): void {
    if (!confirmed) this.listedUs = undefined;
  }
}

serveAnnouncers(traffic, (index) => new HoldfastAnnouncer(index));
