import type { Connection, ConnectionHandlers, Host } from '../../host/index.ts';
import { type Link, type LinkEvent, type LinkStream, Links } from '../../link/index.ts';
import type { Observe } from '../../std/index.ts';
import { MalformedBytes } from '../bytes.ts';
import type { Incoming } from '../core/events.ts';
import type { Scan } from '../core/scan.ts';
import { decodeSnapshotHead, messageKinds, type SnapshotHead, snapshotStream } from '../messages.ts';
import { SnapshotReceiver, SnapshotSender } from './snapshots.ts';

/** What a peer does, as the core is told. */
export interface PeerListener {
  up(address: string): void;
  down(address: string): void;
  silent(address: string): void;
  heard(address: string): void;
  paused(pausedMs: number): void;
  message(from: string, kind: number, payload: Uint8Array): void;
  /** False: nobody wants it. */
  snapshotBegins(incoming: Incoming): boolean;
  snapshotChunk(incoming: Incoming, chunk: Uint8Array): void;
  /** Whether there is room for more on the way to the disk. */
  canStage(): boolean;
  snapshotLost(incoming: Incoming): void;
  snapshotSent(to: string, scan: Scan): void;
  /** The next message of records for a peer, when there is something to send. */
  nextRecords(address: string): Uint8Array | 'too-far-behind' | undefined;
  /** What it lacks has to be sent as a snapshot. */
  behind(address: string): void;
}

export interface PeersOptions {
  readonly host: Host;
  readonly address: string;
  readonly session: string;
  readonly clusterKey: string | undefined;
  /** No records are put in while more than this waits to leave. */
  readonly queueBytesMax: number;
  readonly listener: PeerListener;
  readonly observe: Observe<LinkEvent>;
}

/** The links to the other replicas. */
export class Peers {
  readonly #options: PeersOptions;
  readonly #links: Links;
  readonly #dialled = new Map<string, Link>();
  /** By address: a message that did not fit any more. */
  readonly #unsent = new Map<string, Uint8Array>();
  readonly #up = new Map<string, Link>();
  readonly #receivers = new Set<SnapshotReceiver>();
  #isFlushDue = false;

  constructor(options: PeersOptions) {
    this.#options = options;
    const { host, address, session, clusterKey, observe, listener } = options;
    this.#links = new Links({
      host,
      address,
      session,
      ...(clusterKey === undefined ? {} : { clusterKey }),
      observe,
      listener: {
        up: (link) => {
          this.#up.set(link.address, link);
          listener.up(link.address);
        },
        down: (link) => {
          this.#up.delete(link.address);
          this.#unsent.delete(link.address);
          listener.down(link.address);
        },
        silent: (link) => listener.silent(link.address),
        heard: (link) => listener.heard(link.address),
        paused: (pausedMs) => listener.paused(pausedMs),
        message: (link, kind, payload) => listener.message(link.address, kind, payload),
        stream: (link, kind, payload, stream) =>
          kind === snapshotStream ? this.#receive(link.address, payload, stream) : undefined,
        drained: (link) => this.#flushTo(link),
      },
    });
  }

  accept(connection: Connection): ConnectionHandlers {
    return this.#links.accept(connection);
  }

  /** Keeps links to these, and dials no other. */
  keep(addresses: readonly string[]): void {
    const wanted = new Set(addresses);
    for (const [address, link] of this.#dialled) {
      if (wanted.has(address)) continue;
      this.#dialled.delete(address);
      link.close();
    }
    for (const address of wanted) {
      if (!this.#dialled.has(address)) this.#dialled.set(address, this.#links.connect(address));
    }
  }

  send(to: string, kind: number, payload: Uint8Array): void {
    const link = this.#up.get(to);
    // What control messages need is kept free of records; a link over even that bound is of no use.
    if (link !== undefined && !link.send(kind, payload)) this.cutOff(to);
  }

  sendSnapshot(to: string, head: SnapshotHead, scan: Scan): void {
    const link = this.#up.get(to);
    const sender = new SnapshotSender(this.#options.host.clock, scan, () => {
      this.#options.listener.snapshotSent(to, scan);
    });
    sender.start(link, head);
  }

  /** Ends what there is; it is dialled anew when links are kept the next time. */
  cutOff(address: string): void {
    this.#up.get(address)?.close();
    this.#dialled.get(address)?.close();
    this.#dialled.delete(address);
  }

  /** More has got to the disk: snapshots on their way in may go on. */
  resumeSnapshots(): void {
    for (const receiver of this.#receivers) receiver.resume();
  }

  /** There may be records to be sent: at the end of this turn, together. */
  flushSoon(): void {
    if (this.#isFlushDue || this.#up.size === 0) return;
    this.#isFlushDue = true;
    this.#options.host.clock.setTimer(0, () => {
      this.#isFlushDue = false;
      for (const link of this.#up.values()) {
        this.#flushTo(link);
        link.flush();
      }
    });
  }

  close(done: () => void): void {
    this.#links.close(done);
  }

  /** Undefined, a refusal, for one that answers nothing that was asked. */
  #receive(from: string, head: Uint8Array, stream: LinkStream): SnapshotReceiver | undefined {
    const { host, listener } = this.#options;
    const incoming = incomingOf(from, head);
    if (incoming === undefined || !listener.snapshotBegins(incoming)) return undefined;
    const over = (receiver: SnapshotReceiver): void => void this.#receivers.delete(receiver);
    const receiver = new SnapshotReceiver({ clock: host.clock, incoming, stream, listener, over });
    this.#receivers.add(receiver);
    return receiver;
  }

  #flushTo(link: Link): void {
    const { address } = link;
    while (link.queuedBytes < this.#options.queueBytesMax) {
      const payload = this.#unsent.get(address) ?? this.#options.listener.nextRecords(address);
      if (payload === undefined) return;
      if (payload === 'too-far-behind') {
        this.#options.listener.behind(address);
        return;
      }
      if (!link.send(messageKinds.records, payload)) {
        this.#unsent.set(address, payload);
        return;
      }
      this.#unsent.delete(address);
    }
  }
}

function incomingOf(from: string, head: Uint8Array): Incoming | undefined {
  try {
    return { from, ...decodeSnapshotHead(head) };
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined;
    throw error;
  }
}
