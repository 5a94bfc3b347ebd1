import type { Address, ConnectionHandlers, Listener, ListenOutcome } from '../../host/index.ts';
import type { Prng } from '../../std/index.ts';
import { limits } from '../limits.ts';
import type { Packets, Station } from '../packets.ts';
import type { Life, Timeline } from '../timeline.ts';
import { Endpoint } from './endpoint.ts';
import { describeSegment, noBytes, type Segment } from './segment.ts';
import type { Post, Wire } from './wire.ts';

/** A machine as the stacks of others see it. */
export interface Node extends Station {
  readonly stack: Stack;
  /** False while the power is off: packets arrive nowhere. */
  readonly powered: boolean;
}

/** What all stacks of a simulation have in common. */
export interface Internet {
  readonly timeline: Timeline;
  readonly packets: Packets;
  readonly prng: Prng;
  readonly nextConnection: () => number;
  readonly find: (host: string) => Node | undefined;
}

/** What a program does with a new connection: its handlers, and how they are called. */
export type Welcome = (endpoint: Endpoint, remote: Address) => void;

interface Bound {
  readonly host: string;
  readonly welcome: Welcome;
}

const loopbackHosts = new Set(['localhost', '127.0.0.1', '::1']);
const anyHosts = new Set(['0.0.0.0', '::']);
const firstEphemeralPort = 49152;
const portMax = 65535;

/** The operating system's half of one machine's network: its ports and the ends of its connections. */
export class Stack {
  readonly #internet: Internet;
  readonly #node: Node;
  #system: Life;
  readonly #bound = new Map<number, Bound>();
  readonly #endpoints = new Map<number, { readonly endpoint: Endpoint; readonly peer: Node }>();
  readonly #lingering: { readonly key: number; readonly untilUs: number }[] = [];
  /**
   * Connections once asked of this machine: a replayed `open` must not open a second one under its number.
   */
  readonly #known = new Set<number>();
  #lastPort = firstEphemeralPort - 1;

  constructor(internet: Internet, node: Node, system: Life) {
    this.#internet = internet;
    this.#node = node;
    this.#system = system;
  }

  listen(address: Address, welcome: Welcome, post: Post): ListenOutcome {
    const { host } = address;
    if (!anyHosts.has(host) && this.resolve(host) !== this.#node) {
      return {
        ok: false,
        failure: { kind: 'unreachable', message: `${host} is no address of this host.` },
      };
    }
    const port = address.port === 0 ? this.#freePort() : address.port;
    if (this.#bound.has(port)) {
      return { ok: false, failure: { kind: 'in-use', message: `Port ${port} is taken.` } };
    }
    const bound = { host, welcome };
    this.#bound.set(port, bound);
    const listener: Listener = {
      address: { host, port },
      close: (done) => {
        if (this.#bound.get(port) === bound) this.#bound.delete(port);
        if (done !== undefined) post(done);
      },
    };
    return { ok: true, listener };
  }

  /** Begins to connect. Undefined when there is no such host. */
  connect(address: Address, user: ConnectionHandlers, post: Post): Endpoint | undefined {
    const peer = this.resolve(address.host);
    if (peer === undefined) return undefined;
    const connection = this.#internet.nextConnection();
    const endpoint = this.#add(connection, true, peer, address.port, () => {});
    endpoint.attach(user, post);
    endpoint.start();
    return endpoint;
  }

  resolve(host: string): Node | undefined {
    return loopbackHosts.has(host) ? this.#node : this.#internet.find(host);
  }

  receive(segment: Segment, from: Node): void {
    const key = keyOf(segment.connection, !segment.toAcceptor);
    const entry = this.#endpoints.get(key);
    if (entry !== undefined) {
      entry.endpoint.receive(segment);
    } else if (segment.kind === 'open' && this.#mayAccept(segment, from)) {
      this.#accept(segment, from);
    } else if (segment.kind !== 'reset') {
      this.#transmit(from, {
        ...segment,
        toAcceptor: !segment.toAcceptor,
        kind: 'reset',
        bytes: noBytes,
        end: false,
      });
    }
  }

  /** The process has ended and the system closes what it had open, some of it abruptly. */
  processEnded(): void {
    this.#bound.clear();
    for (const { endpoint } of [...this.#endpoints.values()])
      endpoint.orphan(this.#internet.prng.chance(0.5));
  }

  /** The power is cut: nothing is said to anybody. */
  powerCut(): void {
    this.#bound.clear();
    this.#endpoints.clear();
    this.#lingering.length = 0;
  }

  powerOn(system: Life): void {
    this.#system = system;
  }

  #mayAccept(segment: Segment, from: Node): boolean {
    const bound = this.#bound.get(segment.port);
    if (bound === undefined || this.#known.has(segment.connection)) return false;
    return from === this.#node || !loopbackHosts.has(bound.host);
  }

  #accept(segment: Segment, from: Node): void {
    this.#known.add(segment.connection);
    const remote = { host: from.name, port: firstEphemeralPort + (segment.connection % 16384) };
    const endpoint = this.#add(segment.connection, false, from, segment.port, () => {
      const bound = this.#bound.get(segment.port);
      if (bound === undefined) endpoint.orphan(true);
      else bound.welcome(endpoint, remote);
    });
    endpoint.start();
  }

  #add(connection: number, initiator: boolean, peer: Node, port: number, accepted: () => void): Endpoint {
    this.#forgetLingering();
    const { timeline, packets } = this.#internet;
    const key = keyOf(connection, initiator);
    const wire: Wire = {
      nowMs: () => timeline.nowUs / 1000,
      silenceMsMax: () => packets.profile.silenceMsMax,
      send: (segment) => this.#transmit(peer, { ...segment, connection, toAcceptor: initiator, port }),
      after: (delayMs, run) => timeline.at(this.#system, Math.ceil(delayMs * 1000), run),
      cut: (length) => this.#cut(length),
      accepted,
      leave: (linger) => {
        if (linger) this.#lingering.push({ key, untilUs: timeline.nowUs + limits.lingerMs * 1000 });
        else this.#endpoints.delete(key);
      },
    };
    const endpoint = new Endpoint({ connection, initiator, wire });
    this.#endpoints.set(key, { endpoint, peer });
    return endpoint;
  }

  #transmit(to: Node, segment: Segment): void {
    this.#internet.packets.send(this.#node, to, describeSegment(segment), () => {
      if (to.powered) to.stack.receive(segment, this.#node);
    });
  }

  #cut(length: number): number {
    const { packets, prng } = this.#internet;
    const chance = packets.profile.splitChance;
    return length > 1 && chance > 0 && prng.chance(chance) ? 1 + prng.below(length - 1) : length;
  }

  #forgetLingering(): void {
    for (;;) {
      const first = this.#lingering[0];
      if (first === undefined || first.untilUs > this.#internet.timeline.nowUs) return;
      this.#endpoints.delete(first.key);
      this.#lingering.shift();
    }
  }

  #freePort(): number {
    do {
      this.#lastPort = this.#lastPort === portMax ? firstEphemeralPort : this.#lastPort + 1;
    } while (this.#bound.has(this.#lastPort));
    return this.#lastPort;
  }
}

function keyOf(connection: number, initiator: boolean): number {
  return connection * 2 + (initiator ? 0 : 1);
}
