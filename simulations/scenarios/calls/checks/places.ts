import type { Blame } from '../rules.ts';
import { type Check, type Endpoint, idOf, type Step } from '../watch.ts';

/** Rule `places`: what an instance has under way, against what was sent and has not ended. */
export class PlacesCheck implements Check {
  readonly #blame: Blame;
  readonly #inFlightMax: number;
  /** Gone ones too, until nothing of them is left. */
  readonly #seen = new Set<Endpoint>();
  /** All together, streams included: what the transport should have open. */
  total = 0;

  constructor(blame: Blame, inFlightMax: number) {
    this.#blame = blame;
    this.#inFlightMax = inFlightMax;
  }

  stepped({ core, underWay }: Step): void {
    const calls = new Map<Endpoint, number>();
    const streams = new Map<Endpoint, number>();
    for (const { endpoint, call } of underWay) {
      const counts = call.terms.isStream === true ? streams : calls;
      counts.set(endpoint, (counts.get(endpoint) ?? 0) + 1);
      this.#seen.add(endpoint);
    }
    this.total = underWay.size;
    for (const endpoint of this.#seen) this.#look(endpoint, calls.get(endpoint), streams.get(endpoint));
    for (const endpoint of core.fleet.endpoints.values()) {
      if (!this.#seen.has(endpoint)) this.#look(endpoint, 0, 0);
    }
  }

  #look(endpoint: Endpoint, calls = 0, streams = 0): void {
    const say = (what: string): void => this.#blame.broken('places', `${idOf(endpoint)} ${what}`);
    if (endpoint.inFlight !== calls) say(`counts ${endpoint.inFlight} calls under way, there are ${calls}`);
    if (endpoint.streams !== streams) say(`counts ${endpoint.streams} streams, there are ${streams}`);
    if (calls > this.#inFlightMax) say(`has ${calls} calls under way, more than ${this.#inFlightMax}`);
    if (calls + streams === 0) this.#seen.delete(endpoint);
  }
}
