import type { Host } from '../../host/index.ts';
import type { Prng } from '../../std/index.ts';
import {
  type Link,
  type LinkListener,
  type LinkStream,
  Links,
  type Peer,
  type StreamHandlers,
} from '../index.ts';
import { CountedNetwork } from './counted-network.ts';
import type { Ledger } from './ledger.ts';

const port = 7000;
const requestKind = 2;
const streamKind = 3;

/** One life of a process that sends, asks and streams to all it has links with, and checks what it gets. */
export class SwarmProcess {
  readonly links: Links;
  readonly host: Host;
  readonly network: CountedNetwork;
  readonly #name: string;
  readonly #ledger: Ledger;
  readonly #prng: Prng;
  /** By link: the adoption it is up with, and the next numbers each way. */
  readonly #up = new Map<Link, { readonly number: number; out: number; in: number }>();

  constructor(options: {
    readonly host: Host;
    readonly name: string;
    readonly ledger: Ledger;
    readonly prng: Prng;
    readonly peers: readonly string[];
  }) {
    const { host, name, ledger, prng } = options;
    this.host = host;
    this.network = new CountedNetwork(host.network);
    this.#name = name;
    this.#ledger = ledger;
    this.#prng = prng;
    this.links = new Links({
      host: { clock: host.clock, random: host.random, faults: host.faults, network: this.network },
      address: `${name}:${port}`,
      session: `${name}-${host.random.u32()}`,
      clusterKey: 'the key',
      listener: this.#listener(),
      limits: { streamWindowBytes: 2000, queueBytesMax: 5000, streamFrameBytesMax: 300 },
    });
    this.network.listen(
      { host: name, port },
      (connection) => this.links.accept(connection),
      (outcome) => {
        if (!outcome.ok) throw new Error(outcome.failure.message);
        for (const peer of options.peers) this.links.connect(`${peer}:${port}`);
      },
    );
  }

  link(peer: string): Link | undefined {
    return [...this.links.links()].find(({ address }) => address === `${peer}:${port}`);
  }

  /** Something random to somebody. */
  act(): void {
    const links = [...this.#up.keys()];
    const link = links[this.#prng.below(links.length)];
    if (link === undefined) return;
    const what = this.#prng.below(10);
    if (what < 6) this.#sendSome(link);
    else if (what < 9) this.#ask(link);
    else this.#stream(link);
    if (this.#prng.chance(0.2)) link.flush();
  }

  #listener(): LinkListener {
    return {
      up: (link, peer) => this.#wentUp(link, peer),
      down: (link, { kind, message }) => {
        this.#ledger.wentDown();
        const isFault = kind !== 'garbage' && kind !== 'overflow';
        this.#ledger.expect(isFault, `${this.#name}: no peer breaks the protocol (${message})`);
        this.#ledger.expect(this.#up.delete(link), `${this.#name}: down follows up`);
      },
      message: (link, _kind, payload) => this.#message(link, payload),
      request: (_link, _kind, payload, reply) => {
        this.#ledger.served(numberOf(payload));
        const delayMs = this.#prng.chance(0.8) ? 0 : this.#prng.below(500);
        this.host.clock.setTimer(delayMs, () => {
          if (this.#prng.chance(0.1)) reply.refuse('no');
          else reply.answer(payload);
        });
      },
      stream: (_link, _kind, payload, stream) => this.#reader(numberOf(payload), stream),
    };
  }

  #wentUp(link: Link, peer: Peer): void {
    this.#ledger.expect(!this.#up.has(link), `${this.#name}: up follows down`);
    this.#ledger.expect(peer.proved && link.peer === peer, `${this.#name}: a link that is up is proved`);
    this.#up.set(link, { number: peer.number, out: 0, in: 0 });
    this.#ledger.wentUp();
    // What is sent at once, while the other side may not be up yet, counts as well.
    this.#sendSome(link);
  }

  #sendSome(link: Link): void {
    const up = this.#up.get(link);
    if (up === undefined) return;
    for (let count = this.#prng.below(20); count >= 0; count--) {
      const payload = numbers(up.number, up.out, this.#prng.below(3) === 0 ? this.#prng.below(500) : 0);
      if (!link.send(1, payload)) return;
      up.out++;
    }
  }

  /** In order, without gap or repeat, and from the very connection that is up here. */
  #message(link: Link, payload: Uint8Array): void {
    const up = this.#up.get(link);
    const [number, sequence] = [numberOf(payload), numberOf(payload.subarray(4))];
    this.#ledger.expect(up !== undefined, `${this.#name}: a message comes while the link is up`);
    if (up === undefined) return;
    this.#ledger.expect(
      number === up.number,
      `${this.#name}: message of link ${number}, up is ${up.number}`,
    );
    this.#ledger.expect(sequence === up.in, `${this.#name}: message ${sequence} comes for ${up.in}`);
    up.in++;
    this.#ledger.messages++;
  }

  #ask(link: Link): void {
    const id = this.#ledger.asked();
    const payload = numbers(id, 0, this.#prng.below(1000));
    const timeoutMs = [20, 300, 3000][this.#prng.below(3)] ?? 300;
    link.request(requestKind, payload, timeoutMs, (outcome) => {
      const isEcho =
        outcome.kind !== 'answered' ||
        (outcome.payload.length === payload.length && numberOf(outcome.payload) === id);
      this.#ledger.expect(isEcho, `${this.#name}: request ${id} has its own answer`);
      this.#ledger.settled(id, outcome);
    });
  }

  /** Writes numbered bytes with pauses, as many as it says. */
  #stream(link: Link): void {
    const total = this.#prng.below(20_000);
    const handlers: StreamHandlers = {
      data: () => {},
      writable: () => go(),
      closed: () => this.#ledger.closedStream(this.host),
    };
    const stream = link.openStream(streamKind, numbers(total, 0, 0), handlers);
    if (stream === undefined) return;
    this.#ledger.openedStream(this.host);
    let written = 0;
    const go = (): void => {
      while (written < total) {
        const size = Math.min(1 + this.#prng.below(1500), total - written);
        const bytes = patternAt(written, size);
        if (!stream.write(bytes)) return;
        written += size;
      }
      if (this.#prng.chance(0.9)) stream.end();
      else stream.reset('changed my mind');
    };
    go();
  }

  #reader(total: number, stream: LinkStream): StreamHandlers {
    let position = 0;
    this.#ledger.openedStream(this.host);
    stream.end();
    return {
      data: (bytes) => {
        const isNext = Buffer.compare(bytes, patternAt(position, bytes.length)) === 0;
        this.#ledger.expect(isNext, `${this.#name}: the bytes of a stream from ${position} on`);
        position += bytes.length;
        const delayMs = this.#prng.chance(0.7) ? 0 : this.#prng.below(200);
        this.host.clock.setTimer(delayMs, () => stream.consumed(bytes.length));
      },
      ended: () => this.#ledger.expect(position === total, `${this.#name}: ${position} of ${total} bytes`),
      closed: () => this.#ledger.closedStream(this.host),
    };
  }
}

const pattern = Uint8Array.from({ length: 10_000 }, (_, index) => index % 251);

/** Bytes that tell their place in a stream. */
function patternAt(position: number, length: number): Uint8Array {
  return pattern.subarray(position % 251, (position % 251) + length);
}

function numbers(first: number, second: number, fillerBytes: number): Uint8Array {
  const bytes = new Uint8Array(8 + fillerBytes);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, first);
  view.setUint32(4, second);
  return bytes;
}

function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
}
