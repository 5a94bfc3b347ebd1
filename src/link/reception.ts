import type { Connection } from '../host/index.ts';
import { assert, must } from '../std/index.ts';
import { parseAddress } from './address.ts';
import { Channel, type LinkHost } from './channel.ts';
import { Handshake } from './core/handshake.ts';
import { Greeting, type GreetingOwner } from './greeting.ts';
import { type Hello, nonceBytes } from './hello.ts';
import type { LinkLimits } from './limits.ts';
import { patientTimer } from './patient-timer.ts';
import { versionMax, versionMin } from './wire.ts';

export interface ReceptionOptions {
  readonly host: LinkHost;
  readonly limits: LinkLimits;
  readonly address: string;
  readonly session: string;
  readonly hello: () => Uint8Array;
  readonly mac: ((bytes: Uint8Array) => Uint8Array) | undefined;
  readonly versions: { readonly min: number; readonly max: number } | undefined;
  readonly seen: (address: string, session: string) => number;
  readonly owner: GreetingOwner;
  /** Something has come from a connection and is dealt with next. */
  readonly onInput: () => void;
  /** The last channel is gone. */
  readonly onEmpty: () => void;
}

/**
 * Every connection of a process's links, from its first byte to its last, and the handshakes of those that
 * are no link yet. Invariant: accepted connections that are not a link are at most `handshakesMax`.
 */
export class Reception {
  readonly #options: ReceptionOptions;
  readonly #channels = new Set<Channel>();
  readonly #greetings = new Set<Greeting>();
  /** Accepted and no link yet, the oldest first. */
  readonly #strangers = new Map<Channel, Greeting>();
  readonly #unwatchFaults: () => void;
  #closed = false;

  constructor(options: ReceptionOptions) {
    this.#options = options;
    this.#unwatchFaults = options.host.faults.onChange(() => {
      for (const channel of this.#channels) channel.review();
    });
  }

  get isEmpty(): boolean {
    return this.#channels.size === 0;
  }

  dial(address: string): Greeting {
    const { greeting, channel } = this.#greet(address);
    channel.attach(this.#options.host.network.connect(parseAddress(address), channel));
    greeting.start(channel);
    return greeting;
  }

  accept(connection: Connection): Channel {
    const { greeting, channel } = this.#greet(undefined);
    if (this.#strangers.size >= this.#options.limits.handshakesMax) this.#turnOneAway();
    this.#strangers.set(channel, greeting);
    channel.attach(connection);
    greeting.start(channel);
    if (this.#closed) greeting.giveUp();
    return channel;
  }

  /** It is a link now. */
  admitted(greeting: Greeting): void {
    this.#greetings.delete(greeting);
    if (greeting.channel !== undefined) this.#strangers.delete(greeting.channel);
  }

  /** Gives up the handshakes that are under way. */
  close(): void {
    this.#closed = true;
    this.#unwatchFaults();
    for (const greeting of this.#greetings) greeting.giveUp();
    this.#greetings.clear();
  }

  /**
   * Makes room for a newcomer, which may be a peer, at the cost of who has had the time to say so: the oldest
   * without a hello, or else the oldest. So strangers that only hold their places keep nobody out.
   */
  #turnOneAway(): void {
    const strangers = [...this.#strangers];
    const silent = strangers.find(([, greeting]) => greeting.address === undefined);
    const [channel, greeting] = must(silent ?? strangers[0], 'a stranger to turn away');
    this.#strangers.delete(channel);
    greeting.turnAway();
  }

  #greet(expected: string | undefined): { readonly greeting: Greeting; readonly channel: Channel } {
    const { host, limits, owner, mac, seen, onInput, onEmpty } = this.#options;
    const { connectMs, handshakeMs } = limits;
    const role = expected === undefined ? 'acceptor' : 'dialler';
    const handshake = new Handshake({ role, own: this.#hello(), expected, mac, seen });
    const greeting = new Greeting({
      handshake,
      owner,
      expected,
      setTimer: (delayMs, fire) => patientTimer(host.clock, limits, delayMs, fire),
      connectMs,
      handshakeMs,
    });
    const channel = new Channel({
      host,
      limits,
      dialled: expected !== undefined,
      address: expected,
      user: greeting,
      onInput,
      onGone: (gone) => {
        this.#channels.delete(gone);
        this.#greetings.delete(greeting);
        this.#strangers.delete(gone);
        if (this.#channels.size === 0) onEmpty();
      },
    });
    this.#greetings.add(greeting);
    this.#channels.add(channel);
    return { greeting, channel };
  }

  #hello(): Hello {
    const { address, session, hello, limits, host, mac, versions } = this.#options;
    const payload = hello();
    assert(payload.length <= limits.helloBytesMax, 'a hello is within helloBytesMax');
    return {
      versionMin: versions?.min ?? versionMin,
      versionMax: versions?.max ?? versionMax,
      keyed: mac !== undefined,
      nonce: host.random.bytes(nonceBytes),
      streamWindowBytes: limits.streamWindowBytes,
      address,
      session,
      payload,
    };
  }
}
