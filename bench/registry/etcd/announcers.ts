import { type Announcer, serveAnnouncers } from '../announcing.ts';
import { TrafficCount } from '../traffic.ts';
import { instanceIn, momentOf, serviceName } from '../versions.ts';
import { EtcdClient, grantedLease, grantRequest, leaseRequest, putRequest } from './wire.ts';

const [address = ''] = process.argv.slice(2);
const traffic = new TrafficCount();
/** As ours, and renewed as etcd's own client does: at a third. */
const leaseS = 6;

/** A lease, a key under it, and one stream on which the lease is kept alive. */
class EtcdAnnouncer implements Announcer {
  readonly #index: number;
  readonly #client = new EtcdClient(address);
  readonly #keepAlive = this.#client.stream('keepAlive', () => {
    traffic.requests += 1;
  });
  #lease = 0n;
  /** Its etcd is never away. */
  readonly listedUs = 0;
  #renewing: NodeJS.Timeout | undefined;

  constructor(index: number) {
    this.#index = index;
  }

  async start(version: number): Promise<void> {
    this.#lease = grantedLease(await this.#client.ask('grant', grantRequest(leaseS)));
    traffic.requests += 1;
    await this.#put(version);
    this.#renewing = setInterval(() => this.#keepAlive(leaseRequest(this.#lease)), (leaseS * 1_000) / 3);
  }

  change(version: number): void {
    const moment = momentOf(version);
    if (moment === 'starting') void this.start(version);
    else if (moment === 'gone') void this.#leave();
    else void this.#put(version);
  }

  async #put(version: number): Promise<void> {
    const { id, ...described } = instanceIn(version, this.#index, `life-of-${this.#lease}`);
    const request = putRequest(`/${serviceName}/${id}`, JSON.stringify(described), this.#lease);
    await this.#client.ask('put', request);
    traffic.requests += 1;
  }

  async #leave(): Promise<void> {
    clearInterval(this.#renewing);
    await this.#client.ask('revoke', leaseRequest(this.#lease));
    traffic.requests += 1;
  }
}

serveAnnouncers(traffic, (index) => new EtcdAnnouncer(index));
