import { randomBytes } from 'node:crypto';
import { nodeHost } from 'holdfast/host/node';
import { type Link, Links } from 'holdfast/link';
import { must } from 'holdfast/std';
import { until } from '../../testing/cluster.ts';
import { freePort } from '../../testing/ports.ts';
import { limits } from './limits.ts';
import { id, join, judgements, messages, records, text, u8, varint, vector } from './wire.ts';

export interface RogueOptions {
  /** The replica it attacks. */
  readonly target: string;
  readonly clusterKey?: string | undefined;
  /** As whom it comes; an address of its own otherwise. */
  readonly address?: string;
}

/** A peer that speaks the link's protocol as it should, and over it says whatever a test wants. */
export class RoguePeer {
  readonly address: string;
  readonly node = newId();
  readonly origin = newId();
  /** Of its own origin: the next record. */
  sequence = 1;
  ups = 0;
  downs = 0;
  /** How often it was asked for what it has. */
  pulls = 0;
  /** The latest message of each kind. */
  readonly heard = new Map<number, Uint8Array>();
  readonly #links: Links;
  readonly #link: Link;

  /** Resolves once the link stands. */
  static async connect(options: RogueOptions): Promise<RoguePeer> {
    const peer = new RoguePeer(options, options.address ?? `127.0.0.1:${await freePort()}`);
    await until(async () => peer.ups > 0, `the rogue has a link to ${options.target}`);
    return peer;
  }

  private constructor({ target, clusterKey }: RogueOptions, address: string) {
    this.address = address;
    this.#links = new Links({
      host: nodeHost({ faultsAllowed: false }),
      address,
      session: newId(),
      ...(clusterKey === undefined ? {} : { clusterKey }),
      listener: {
        up: () => {
          this.ups++;
        },
        down: () => {
          this.downs++;
          this.heard.clear();
        },
        message: (_link, kind, payload) => {
          this.heard.set(kind, payload.slice());
          if (kind === messages.pull) this.pulls++;
        },
        stream: (_link, _kind, _payload, stream) => ({
          data: (bytes) => stream.consumed(bytes.byteLength),
          ended: () => stream.end(),
          closed: () => {},
        }),
      },
    });
    this.#link = this.#links.connect(target);
  }

  get link(): Link {
    return this.#link;
  }

  say(kind: number, payload: Uint8Array): void {
    this.#link.send(kind, payload);
    this.#link.flush();
  }

  greet(applied: Iterable<readonly [string, number]> = [], as: { group?: number } = {}): void {
    this.say(
      messages.greet,
      join(
        varint(1),
        varint(as.group ?? 0),
        text(this.address),
        id(this.node),
        varint(1),
        id(this.origin),
        vector(applied),
      ),
    );
  }

  judge(judgement: (typeof judgements)[number]): void {
    this.say(messages.verdict, join(u8(judgements.indexOf(judgement)), u8(1), u8(0), u8(0), u8(0)));
  }

  /** Is let in as a replica is that joins; resolves to the epoch under which its records are taken. */
  async enter(): Promise<number> {
    this.greet();
    this.judge('open');
    await until(async () => this.heard.has(messages.verdict), 'the rogue is judged');
    const isOpen = async (): Promise<boolean> => this.heard.get(messages.verdict)?.[0] === 0;
    if (!(await isOpen())) this.say(messages.join, join(varint(1), id(this.node)));
    await until(isOpen, 'the rogue is let in');
    this.greet();
    await until(async () => this.heard.has(messages.pull), 'the rogue is asked for what it has');
    return this.epoch;
  }

  /** Breaks the link off, if it is not broken already, and comes back. */
  async again(): Promise<void> {
    const { ups } = this;
    this.say(999, Buffer.alloc(1));
    await until(async () => this.ups > ups, 'the rogue comes back', limits.waitMs);
  }

  /** Under which the target takes records now. */
  get epoch(): number {
    const [first = 0] = must(this.heard.get(messages.pull), 'a pull');
    return first;
  }

  send(...list: readonly Uint8Array[]): void {
    this.say(messages.records, records(this.epoch, list));
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.#links.close(resolve));
  }
}

export function newId(): string {
  return randomBytes(8).toString('hex');
}
