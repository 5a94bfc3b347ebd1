import { assert, type Core, must, unreachable } from '../../std/index.ts';
import { decodeHello, encodeHello, type Hello } from '../hello.ts';
import { decodeReason, encodeReason } from '../reason.ts';
import { type RefusalReason, refusalCode, refusalReason } from '../refusal.ts';
import { frameType } from '../wire.ts';
import { isArbiter } from './contest.ts';
import type { HandshakeEffect, HandshakeEvent, Introduction, Refusal } from './handshake-events.ts';
import { equalProofs, transcript } from './transcript.ts';

export interface HandshakeOptions {
  readonly role: 'dialler' | 'acceptor';
  readonly own: Hello;
  /** What was dialled. */
  readonly expected?: string | undefined;
  /** HMAC-SHA256 with the cluster key; without one nothing is proved nor asked for. */
  readonly mac?: ((bytes: Uint8Array) => Uint8Array) | undefined;
  /** The number of the last adoption seen from a peer: see contest.ts. */
  readonly seen: (address: string, session: string) => number;
}

/**
 * Two processes find out on a new connection who they are, that both know the cluster key, and which
 * version they speak. Challenge and response (ISO/IEC 9798-4, three passes): an HMAC over both hellos, which
 * hold fresh nonces, names and versions, and over the role of who proves, so that no proof can be played
 * back, neither to its maker nor on another connection.
 *
 *     dialler    hello ------->            acceptor
 *                      <------- hello, proof
 *                proof ------->
 *                adopt <------> adopt      whoever is the arbiter
 *
 * Invariants: `candidate` and `settled` come only after the peer's proof was found right, or when neither
 * side has a key; after `settled` or `refused` nothing follows. What it does not do: it does not encrypt,
 * and does not protect what follows from somebody who can change bytes on the way. That takes TLS below it.
 */
export class Handshake implements Core<HandshakeEvent, HandshakeEffect> {
  readonly #options: HandshakeOptions;
  readonly #ownBytes: Uint8Array;
  #phase: 'new' | 'hello' | 'proof' | 'verdict' | 'adoption' | 'over' = 'new';
  #peerBytes: Uint8Array | undefined;
  #peer: Introduction | undefined;
  #peerSeen = 0;
  #effects: HandshakeEffect[] = [];

  constructor(options: HandshakeOptions) {
    this.#options = options;
    this.#ownBytes = encodeHello(options.own);
  }

  get over(): boolean {
    return this.#phase === 'over';
  }

  step(event: HandshakeEvent): readonly HandshakeEffect[] {
    this.#effects = [];
    if (this.#phase === 'over') return this.#effects;
    switch (event.type) {
      case 'start':
        assert(this.#phase === 'new', 'a handshake starts once');
        this.#phase = 'hello';
        if (this.#options.role === 'dialler') this.#send(frameType.hello, 0, this.#ownBytes);
        break;
      case 'frame':
        this.#frame(event);
        break;
      case 'adopt':
        assert(this.#phase === 'verdict', 'only a candidate is adopted');
        this.#send(frameType.adopt, event.number);
        this.#settle(event.number);
        break;
      case 'refuse':
        this.#refuse(event.refusal.reason, event.refusal.why);
        break;
      default:
        unreachable(event);
    }
    return this.#effects;
  }

  #frame(event: Extract<HandshakeEvent, { type: 'frame' }>): void {
    const { frame, payload } = event;
    if (frame === frameType.refuse) this.#refusedThere(event.kind, payload);
    else if (frame === frameType.hello && this.#phase === 'hello') this.#greet(payload);
    else if (frame === frameType.proof && this.#phase === 'proof') this.#check(event.id, payload);
    else if (frame === frameType.adopt && this.#phase === 'adoption') this.#settle(event.id);
    else this.#refuse('malformed', `The peer sent a frame of type ${frame} in the middle of a handshake.`);
  }

  #greet(payload: Uint8Array): void {
    const hello = decodeHello(payload);
    if (hello === undefined) {
      this.#refuse('malformed', 'The peer sent a hello that makes no sense.');
      return;
    }
    const version = this.#acceptable(hello);
    if (version === undefined) return;
    const { address, session, streamWindowBytes } = hello;
    const proved = this.#options.mac !== undefined;
    this.#peerBytes = payload;
    this.#peer = { address, session, hello: hello.payload, version, proved, streamWindowBytes };
    this.#phase = 'proof';
    this.#effects.push({ type: 'introduced', address, session });
    if (this.#options.role === 'dialler') return;
    this.#send(frameType.hello, 0, this.#ownBytes);
    this.#prove();
  }

  /** The version to speak with a peer that says this of itself, or undefined when it is refused. */
  #acceptable(hello: Hello): number | undefined {
    const { own, expected } = this.#options;
    const version = Math.min(own.versionMax, hello.versionMax);
    const fault = this.#faultOf(hello, expected);
    if (fault !== undefined) {
      this.#refuse(fault.reason, fault.why);
    } else if (version < Math.max(own.versionMin, hello.versionMin)) {
      const why =
        `Versions ${hello.versionMin} to ${hello.versionMax} are spoken at ${hello.address}, ` +
        `${own.versionMin} to ${own.versionMax} at ${own.address}: upgrade the older one.`;
      this.#refuse('version', why);
    } else return version;
    return undefined;
  }

  #faultOf(hello: Hello, expected: string | undefined): Refusal | undefined {
    const { own } = this.#options;
    if (hello.session === own.session) {
      return { reason: 'self', why: `The process at ${own.address} has reached itself.` };
    }
    if (hello.address === own.address) {
      const why = `Another process says that it is at ${own.address}, too: give each an address of its own.`;
      return { reason: 'wrong-address', why };
    }
    if (expected !== undefined && hello.address !== expected) {
      const why = `The process reached at ${expected} says that it is at ${hello.address}: dial it there.`;
      return { reason: 'wrong-address', why };
    }
    if (hello.keyed === own.keyed) return undefined;
    const [open, closed] = own.keyed ? [hello.address, own.address] : [own.address, hello.address];
    const why = `${closed} has a cluster key and ${open} has none: start both with the same one.`;
    return { reason: own.keyed ? 'key-missing' : 'key-unexpected', why };
  }

  #prove(): void {
    const { role } = this.#options;
    const peer = must(this.#peer, 'the peer whose hello was read');
    const seen = this.#options.seen(peer.address, peer.session);
    this.#send(frameType.proof, seen, this.#proofOf(role, seen));
  }

  #proofOf(role: 'dialler' | 'acceptor', seen: number): Uint8Array {
    const { mac, role: ownRole } = this.#options;
    if (mac === undefined) return new Uint8Array(0);
    const peer = must(this.#peer, 'the peer whose hello was read');
    const peerBytes = must(this.#peerBytes, 'the hello of the peer');
    const [dialler, acceptor] =
      ownRole === 'dialler' ? [this.#ownBytes, peerBytes] : [peerBytes, this.#ownBytes];
    return mac(transcript({ role, version: peer.version, seen, dialler, acceptor }));
  }

  #check(seen: number, proof: Uint8Array): void {
    const { role, own } = this.#options;
    const peer = must(this.#peer, 'the peer whose hello was read');
    if (!equalProofs(proof, this.#proofOf(role === 'dialler' ? 'acceptor' : 'dialler', seen))) {
      const both = `${own.address} and ${peer.address}`;
      const why = `${both} have different cluster keys: start both with the same one.`;
      this.#refuse('key-wrong', why);
      return;
    }
    this.#peerSeen = seen;
    if (role === 'dialler') this.#prove();
    if (isArbiter(own.address, peer.address)) {
      this.#phase = 'verdict';
      this.#effects.push({ type: 'candidate', peer, seen: this.#peerSeen });
    } else this.#phase = 'adoption';
  }

  #settle(number: number): void {
    const peer = must(this.#peer, 'the peer that was proved');
    this.#phase = 'over';
    this.#effects.push({ type: 'settled', peer, number });
  }

  #refuse(reason: RefusalReason, why: string): void {
    this.#phase = 'over';
    const kind = refusalCode[reason];
    this.#effects.push({ type: 'send', frame: frameType.refuse, kind, payload: encodeReason(why) });
    this.#effects.push({ type: 'refused', refusal: { reason, why }, there: false });
  }

  #refusedThere(code: number, payload: Uint8Array): void {
    this.#phase = 'over';
    const refusal = { reason: refusalReason(code), why: decodeReason(payload) };
    this.#effects.push({ type: 'refused', refusal, there: true });
  }

  #send(frame: number, id: number, payload?: Uint8Array): void {
    this.#effects.push({ type: 'send', frame, id, ...(payload === undefined ? {} : { payload }) });
  }
}
