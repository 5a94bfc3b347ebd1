import { createHmac } from 'node:crypto';
import type { Connection, ConnectionHandlers } from '../host/index.ts';
import { HoldfastError, ignore, must, type Observe } from '../std/index.ts';
import { parseAddress } from './address.ts';
import type { LinkHost } from './channel.ts';
import { adopts, follows, isArbiter, seenOf } from './core/contest.ts';
import type { Introduction, Refusal } from './core/handshake-events.ts';
import type { LinkEvent } from './events.ts';
import type { Greeting, GreetingOwner } from './greeting.ts';
import { Heart } from './heart.ts';
import { isSession } from './hello.ts';
import { limits as defaults, type LinkLimits } from './limits.ts';
import type { Link, LinkListener } from './link.ts';
import { PeerLink } from './peer-link.ts';
import { Reception } from './reception.ts';
import { isLasting } from './refusal.ts';

export interface LinksOptions {
  readonly host: LinkHost;
  /** Where this process can be dialled, `host:port`: who it is, for all others. */
  readonly address: string;
  /** Unique for this life of the process: printable ASCII, up to `sessionBytesMax` bytes. */
  readonly session: string;
  /**
   * What is told to each peer with the handshake, up to `helloBytesMax` bytes. The peer can rely on it, but
   * it is no secret: whoever can connect can read it.
   */
  readonly hello?: (() => Uint8Array) | undefined;
  /** Known to all processes that belong together. Without it, links are open to everybody without one. */
  readonly clusterKey?: string | undefined;
  readonly listener: LinkListener;
  readonly limits?: Partial<LinkLimits> | undefined;
  readonly observe?: Observe<LinkEvent> | undefined;
  /** The versions it speaks; those of wire.ts unless a test says otherwise. */
  readonly versions?: { readonly min: number; readonly max: number } | undefined;
}

/** The links of one process: at most one to each other process, whoever dialled. */
export class Links {
  readonly #options: LinksOptions;
  readonly #limits: LinkLimits;
  readonly #observe: Observe<LinkEvent>;
  readonly #heart: Heart;
  readonly #reception: Reception;
  readonly #links = new Map<string, PeerLink>();
  #adoptions = 0;
  #closed = false;
  #done: (() => void) | undefined;

  /** Throws `invalid_argument` for an address, session or key that cannot be one. */
  constructor(options: LinksOptions) {
    const { host, address, session, clusterKey, listener, versions, hello } = options;
    parseAddress(address);
    this.#options = options;
    const limits = { ...defaults, ...options.limits };
    this.#limits = limits;
    this.#observe = options.observe ?? ignore;
    if (!isSession(session) || clusterKey === '') {
      const message =
        `A session has 1 to ${limits.sessionBytesMax} characters of printable ASCII, ` +
        'and a cluster key at least one byte.';
      throw new HoldfastError('invalid_argument', message);
    }
    this.#heart = new Heart(host.clock, limits, (pausedMs) => {
      this.#observe({ type: 'paused', pausedMs });
      listener.paused?.(pausedMs);
    });
    this.#reception = new Reception({
      host,
      limits,
      address,
      session,
      versions,
      hello: hello ?? (() => new Uint8Array(0)),
      mac: clusterKey === undefined ? undefined : (bytes) => hmac(clusterKey, bytes),
      seen: (peer, life) => seenOf(this.#links.get(peer)?.seen, life),
      owner: this.#owner(),
      onInput: () => this.#heart.catchUp(),
      onEmpty: () => this.#gone(),
    });
  }

  get address(): string {
    return this.#options.address;
  }

  get session(): string {
    return this.#options.session;
  }

  /**
   * Keeps a link to the process at that address, until it is closed. The same link for the same address;
   * also one that the peer has dialled. Throws `invalid_argument` for what is no address, and
   * `resource_exhausted` over `linksMax`.
   */
  connect(address: string): Link {
    parseAddress(address);
    if (this.#closed) throw new HoldfastError('failed_precondition', 'These links are closed.');
    const known = this.#links.get(address);
    const link = known === undefined || known.closed ? this.#add(address) : known;
    if (link === undefined) {
      throw new HoldfastError('resource_exhausted', `${this.#tooMany().why} Close some.`);
    }
    link.want();
    return link;
  }

  /** Takes over a connection that has begun with, or may yet begin with, the magic. */
  accept(connection: Connection): ConnectionHandlers {
    return this.#reception.accept(connection);
  }

  /** Those that stand or are wanted. */
  links(): Iterable<Link> {
    return [...this.#links.values()].filter((link) => !link.closed);
  }

  /** Closes every link. `done` is called once all connections are gone, within `closeMs` and a little. */
  close(done?: () => void): void {
    const { clock } = this.#options.host;
    this.#done = done;
    if (!this.#closed) {
      this.#closed = true;
      this.#reception.close();
      for (const link of [...this.#links.values()]) link.close();
    }
    if (this.#reception.isEmpty) clock.setTimer(0, () => this.#gone());
  }

  #gone(): void {
    if (!this.#closed) return;
    const done = this.#done;
    this.#done = undefined;
    done?.();
  }

  #add(address: string): PeerLink | undefined {
    if (this.#links.size >= this.#limits.linksMax && !this.#links.has(address)) return undefined;
    const { host, listener } = this.#options;
    const link = new PeerLink({
      address,
      clock: host.clock,
      random: () => host.random.fraction(),
      limits: this.#limits,
      listener,
      observe: this.#observe,
      heart: this.#heart,
      dial: () => this.#reception.dial(address),
      onForgotten: (forgotten) => {
        if (this.#links.get(address) === forgotten) this.#links.delete(address);
      },
    });
    this.#links.set(address, link);
    return link;
  }

  #owner(): GreetingOwner {
    return {
      judge: (greeting, peer, seen) => this.#judge(greeting, peer, seen),
      settled: (greeting, peer, number) => this.#settled(greeting, peer, number),
      refused: (greeting, refusal, there) => this.#refused(greeting, refusal, there),
      failed: (greeting) => this.#dialler(greeting)?.dialFailed(greeting, false),
    };
  }

  /** This side is the arbiter. */
  #judge(_greeting: Greeting, peer: Introduction, seen: number): number | Refusal {
    const link = this.#links.get(peer.address);
    if (!adopts(link?.present, { session: peer.session, seen })) {
      return { reason: 'duplicate', why: 'There is a link already.' };
    }
    if (link === undefined && this.#links.size >= this.#limits.linksMax) {
      return this.#tooMany();
    }
    return ++this.#adoptions;
  }

  #settled(greeting: Greeting, peer: Introduction, number: number): void {
    this.#reception.admitted(greeting);
    const channel = must(greeting.channel, 'the channel of a handshake');
    const link = this.#links.get(peer.address) ?? this.#add(peer.address);
    if (link === undefined) {
      channel.destroy();
      this.#observe({ type: 'refused', address: peer.address, there: false, ...this.#tooMany() });
      return;
    }
    if (!isArbiter(this.address, peer.address)) {
      const adoption = { session: peer.session, number };
      if (!follows(link.seen, adoption)) {
        channel.destroy();
        link.dialFailed(greeting, false);
        return;
      }
      link.seen = adoption;
    }
    link.stand(channel, peer, number);
  }

  #tooMany(): Refusal {
    const why = `There are ${this.#limits.linksMax} links at ${this.address}, which is the bound.`;
    return { reason: 'busy', why };
  }

  #refused(greeting: Greeting, refusal: Refusal, there: boolean): void {
    const { address } = greeting;
    const { reason, why } = refusal;
    const link = this.#dialler(greeting);
    const isNews = link === undefined ? reason !== 'duplicate' : link.isNews(refusal, there);
    if (isNews) this.#observe({ type: 'refused', address, there, reason, why });
    link?.dialFailed(greeting, isLasting(reason));
  }

  /** The link that dialled. */
  #dialler(greeting: Greeting): PeerLink | undefined {
    return greeting.dialled && greeting.address !== undefined
      ? this.#links.get(greeting.address)
      : undefined;
  }
}

function hmac(key: string, bytes: Uint8Array): Uint8Array {
  return createHmac('sha256', key).update(bytes).digest();
}
