import type { Timer } from '../host/index.ts';
import { unreachable } from '../std/index.ts';
import type { Channel, ChannelUser } from './channel.ts';
import type { Handshake } from './core/handshake.ts';
import type { HandshakeEffect, HandshakeEvent, Introduction, Refusal } from './core/handshake-events.ts';
import type { DownReason } from './link.ts';

/** What becomes of a handshake. */
export interface GreetingOwner {
  /** The verdict of the arbiter: the number of its adoption, or why it refuses. */
  judge(greeting: Greeting, peer: Introduction, seen: number): number | Refusal;
  /** The channel is the owner's from here on. */
  settled(greeting: Greeting, peer: Introduction, number: number): void;
  refused(greeting: Greeting, refusal: Refusal, there: boolean): void;
  /** The connection did not stand or broke before anything was said. */
  failed(greeting: Greeting, reason: DownReason): void;
}

export interface GreetingOptions {
  readonly handshake: Handshake;
  readonly owner: GreetingOwner;
  /** What was dialled; undefined for an accepted connection. */
  readonly expected: string | undefined;
  readonly setTimer: (delayMs: number, fire: () => void) => Timer;
  readonly connectMs: number;
  readonly handshakeMs: number;
}

/**
 * A connection until its handshake is over. Invariant: of `settled`, `refused` and `failed` exactly one is
 * called, once, unless it is given up.
 */
export class Greeting implements ChannelUser {
  readonly #options: GreetingOptions;
  #channel: Channel | undefined;
  #timer: Timer | undefined;
  #address: string | undefined;
  #stands = false;
  #over = false;

  constructor(options: GreetingOptions) {
    this.#options = options;
    this.#address = options.expected;
  }

  get channel(): Channel | undefined {
    return this.#channel;
  }

  get dialled(): boolean {
    return this.#options.expected !== undefined;
  }

  /** The peer's: as dialled, or as it says. */
  get address(): string | undefined {
    return this.#address;
  }

  start(channel: Channel): void {
    const { connectMs, setTimer } = this.#options;
    this.#channel = channel;
    this.#timer = setTimer(connectMs, () => this.#tooSlow());
    if (!this.dialled) this.opened();
  }

  /** It is not wanted any more; nothing is called. */
  giveUp(): void {
    if (!this.#end()) return;
    this.#channel?.destroy();
  }

  /** Too many strangers are here: its place goes to another, at once, and not a word more is spoken. */
  turnAway(): void {
    this.#channel?.destroy();
    if (!this.#end()) return;
    const why = 'Too many connections are in the middle of a handshake.';
    this.#options.owner.refused(this, { reason: 'busy', why }, false);
  }

  refuse(refusal: Refusal): void {
    this.#step({ type: 'refuse', refusal });
  }

  opened(): void {
    const { handshakeMs, setTimer } = this.#options;
    this.#stands = true;
    this.#timer?.cancel();
    this.#timer = setTimer(handshakeMs, () => this.#tooSlow());
    this.#step({ type: 'start' });
  }

  frame(frame: number, kind: number, id: number, payload: Uint8Array): void {
    this.#step({ type: 'frame', frame, kind, id, payload });
  }

  broke(reason: DownReason): void {
    if (!this.#end()) return;
    const { owner } = this.#options;
    if (reason.kind !== 'garbage') owner.failed(this, reason);
    else owner.refused(this, { reason: 'not-a-link', why: reason.message }, false);
  }

  #tooSlow(): void {
    if (this.#stands) this.refuse({ reason: 'timeout', why: 'The handshake was not over in time.' });
    else {
      this.#channel?.destroy();
      this.broke({ kind: 'lost', message: 'The connection did not stand in time.' });
    }
  }

  #step(event: HandshakeEvent): void {
    if (this.#over) return;
    for (const effect of this.#options.handshake.step(event)) this.#run(effect);
  }

  #run(effect: HandshakeEffect): void {
    const { owner } = this.#options;
    switch (effect.type) {
      case 'send':
        this.#channel?.out.frame(effect.frame, effect.kind, effect.id, effect.payload);
        this.#channel?.touch();
        return;
      case 'introduced':
        this.#address = effect.address;
        this.#channel?.identify(effect.address);
        return;
      case 'candidate': {
        const verdict = owner.judge(this, effect.peer, effect.seen);
        if (typeof verdict === 'number') this.#step({ type: 'adopt', number: verdict });
        else this.refuse(verdict);
        return;
      }
      case 'settled':
        if (this.#end()) owner.settled(this, effect.peer, effect.number);
        return;
      case 'refused':
        if (!this.#end()) return;
        this.#channel?.finish();
        owner.refused(this, effect.refusal, effect.there);
        return;
      default:
        unreachable(effect);
    }
  }

  /** False when it was over before. */
  #end(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#timer?.cancel();
    return true;
  }
}
