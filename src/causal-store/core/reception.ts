import { encodeGreeting, encodeVerdict, type Greeting, messageKinds } from '../messages.ts';
import { forgottenBy, judge, verdictOn } from './door.ts';
import type { Effect } from './events.ts';
import type { Ledger } from './ledger.ts';
import type { Peer } from './peer.ts';

export interface ReceptionOptions {
  readonly ledger: Ledger;
  readonly emit: (effect: Effect) => void;
  /** Whether a link to that address is up. */
  readonly isUp: (address: string) => boolean;
}

/** Greets peers, and tells those that greet what is made of them: whether they are taken from. */
export class Reception {
  readonly #ledger: Ledger;
  readonly #emit: (effect: Effect) => void;
  readonly #isThere: (address: string) => boolean;

  constructor({ ledger, emit, isUp }: ReceptionOptions) {
    this.#ledger = ledger;
    this.#emit = emit;
    this.#isThere = (address) => address === ledger.own.address || isUp(address);
  }

  greet(peer: Peer): void {
    const { group, own, state } = this.#ledger;
    const { address, node, start, origin } = own;
    const greeting = { group, address, node, start, origin, applied: state.applied };
    this.#send(peer, messageKinds.greet, encodeGreeting(greeting));
  }

  /** A peer has greeted. True when it is an incarnation that has not done so before. */
  onGreeting(peer: Peer, greeting: Greeting | undefined): boolean {
    if (greeting === undefined || greeting.address !== peer.address) {
      peer.greeting = undefined;
      peer.judgement = 'foreign';
      this.#tell(peer);
      return false;
    }
    const isNew = peer.lastOrigin !== greeting.origin;
    peer.lastOrigin = greeting.origin;
    const { applied: _, ...speaker } = greeting;
    peer.greeting = speaker;
    peer.forgotten = forgottenBy(this.#ledger.state, greeting);
    this.judge(peer);
    return isNew;
  }

  /** What is known of members may have changed: a stranger may be one no more. */
  judge(peer: Peer): void {
    if (!peer.isUp || peer.greeting === undefined) return;
    const before = peer.judgement;
    peer.judgement = judge(this.#ledger, peer, this.#isThere);
    this.#tell(peer);
    if (peer.judgement === before) return;
    const { address, judgement } = peer;
    this.#emit({ type: 'report', report: { type: 'peer-judged', peer: address, judgement } });
    if (judgement === 'open') return;
    peer.outgoing = undefined;
    peer.stopTaking();
  }

  #tell(peer: Peer): void {
    const verdict = verdictOn(this.#ledger.state, peer);
    this.#send(peer, messageKinds.verdict, encodeVerdict(verdict));
  }

  #send(peer: Peer, kind: number, payload: Uint8Array): void {
    this.#emit({ type: 'send', to: peer.address, kind, payload });
  }
}
