import type { Connection } from '../../host/index.ts';
import { parseAddress } from '../address.ts';
import { Handshake } from '../core/handshake.ts';
import type { HandshakeEvent } from '../core/handshake-events.ts';
import { FrameReader } from '../frame-reader.ts';
import { nonceBytes } from '../hello.ts';
import { Outbox } from '../outbox.ts';
import type { RefusalReason } from '../refusal.ts';
import { magic } from '../wire.ts';
import type { TestHost, TestProcess } from './process.ts';

export interface TakenFrame {
  readonly type: number;
  readonly kind: number;
  readonly id: number;
  readonly payload: Uint8Array;
}

/** A peer without a key that shakes hands as it should, and then does just what a test wants. */
export class Rogue {
  readonly frames: TakenFrame[] = [];
  settled = false;
  refused: RefusalReason | undefined;
  closed = false;
  readonly #connection: Connection;
  readonly #handshake: Handshake;
  readonly #reader = new FrameReader(4 * 1024 * 1024);

  /** Its name decides who the arbiter is. `seen`: the adoption that it says it has seen last. */
  constructor(host: TestHost, to: TestProcess, address: string, seen = 0) {
    this.#handshake = new Handshake({
      role: 'dialler',
      own: {
        versionMin: 1,
        versionMax: 1,
        keyed: false,
        nonce: host.random.bytes(nonceBytes),
        streamWindowBytes: 1000,
        address,
        session: `session of ${address}`,
        payload: new Uint8Array(0),
      },
      seen: () => seen,
    });
    this.#connection = host.network.connect(parseAddress(to.address), {
      opened: () => {
        this.say(magic);
        this.#step({ type: 'start' });
      },
      received: (bytes) => void this.#reader.push(bytes, this),
      ended: () => this.#connection.end(),
      closed: () => {
        this.closed = true;
      },
    });
  }

  say(bytes: Uint8Array): void {
    this.#connection.write(bytes);
  }

  /** Stops or resumes taking what is sent to it. */
  setReading(reading: boolean): void {
    this.#connection.setReading(reading);
  }

  send(type: number, kind = 0, id = 0, payload?: Uint8Array): void {
    const out = new Outbox();
    out.frame(type, kind, id, payload);
    for (let bytes = out.take(); bytes !== undefined; bytes = out.take()) this.say(bytes);
  }

  frame(type: number, kind: number, id: number, payload: Uint8Array): void {
    if (this.settled) this.frames.push({ type, kind, id, payload });
    else this.#step({ type: 'frame', frame: type, kind, id, payload });
  }

  #step(event: HandshakeEvent): void {
    for (const effect of this.#handshake.step(event)) {
      if (effect.type === 'send') this.send(effect.frame, effect.kind, effect.id, effect.payload);
      else if (effect.type === 'candidate') this.#step({ type: 'adopt', number: 1 });
      else if (effect.type === 'settled') this.settled = true;
      else if (effect.type === 'refused') this.refused = effect.refusal.reason;
    }
  }
}
