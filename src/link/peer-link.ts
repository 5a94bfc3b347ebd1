import type { Clock, Timer } from '../host/index.ts';
import { type Observe, unreachable } from '../std/index.ts';
import type { Channel } from './channel.ts';
import type { Adoption } from './core/contest.ts';
import { Dialler, type DiallerEffect, type DiallerEvent } from './core/dialler.ts';
import type { Introduction, Refusal } from './core/handshake-events.ts';
import type { LinkEvent } from './events.ts';
import type { Greeting } from './greeting.ts';
import type { Heart } from './heart.ts';
import type { LinkLimits } from './limits.ts';
import type {
  DownReason,
  Link,
  LinkListener,
  LinkStream,
  Peer,
  RequestOutcome,
  StreamHandlers,
} from './link.ts';
import { Session } from './session.ts';
import { frameType } from './wire.ts';

export interface PeerLinkOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: LinkLimits;
  readonly listener: LinkListener;
  readonly observe: Observe<LinkEvent>;
  readonly heart: Heart;
  readonly dial: (link: PeerLink) => Greeting;
  /** Nobody wants it and it is down. */
  readonly onForgotten: (link: PeerLink) => void;
}

const replaced: DownReason = { kind: 'replaced', message: 'A newer connection took its place.' };

/**
 * What there is about one peer: the session while it is up, and the dialler that keeps it up when it is
 * wanted. Invariants: at most one session at a time; `up` and `down` take turns.
 */
export class PeerLink implements Link {
  readonly address: string;
  /** The last adoption seen, when the peer is the arbiter. */
  seen: Adoption | undefined;
  readonly #options: PeerLinkOptions;
  readonly #dialler: Dialler;
  #session: Session | undefined;
  #peer: Peer | undefined;
  #upMs = 0;
  #dial: Greeting | undefined;
  #wait: Timer | undefined;
  #closed = false;
  #lastRefusal = '';

  constructor(options: PeerLinkOptions) {
    this.address = options.address;
    this.#options = options;
    this.#dialler = new Dialler(options.limits);
  }

  get peer(): Peer | undefined {
    return this.#closed ? undefined : this.#peer;
  }

  get silent(): boolean {
    return this.#open?.liveness.silent ?? false;
  }

  get queuedBytes(): number {
    return this.#open?.channel.out.bytes ?? 0;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The adoption that stands, when this side is the arbiter. */
  get present(): Adoption | undefined {
    return this.#peer;
  }

  want(): void {
    this.#step({ type: 'want', wanted: true });
  }

  send(kind: number, payload: Uint8Array): boolean {
    return this.#open?.send(kind, payload) ?? false;
  }

  request(
    kind: number,
    payload: Uint8Array,
    timeoutMs: number,
    done: (outcome: RequestOutcome) => void,
  ): void {
    const session = this.#open;
    if (session?.request(kind, payload, timeoutMs, done) === true) return;
    const outcome: RequestOutcome =
      session === undefined ? { kind: 'down', mayHaveBeenDelivered: false } : { kind: 'busy' };
    this.#options.clock.setTimer(0, () => done(outcome));
  }

  openStream(kind: number, payload: Uint8Array, handlers: StreamHandlers): LinkStream | undefined {
    return this.#open?.openStream(kind, payload, handlers);
  }

  flush(): void {
    this.#open?.channel.flush();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#step({ type: 'want', wanted: false });
    this.#session?.close();
    // What ends with it comes later: its user may be in the middle of a call.
    this.#options.clock.setTimer(0, () => {
      this.#end({ kind: 'closed', message: 'The link was closed here.' });
      this.#options.onForgotten(this);
    });
  }

  /** A connection has become the link. */
  stand(channel: Channel, peer: Introduction, number: number): void {
    const { clock, limits, listener, heart } = this.#options;
    this.#session?.drop(replaced);
    this.#end(replaced);
    if (this.#closed) {
      // By its user, just now, perhaps when told that it was replaced.
      channel.out.frame(frameType.close);
      channel.finish();
      return;
    }
    if (this.#dial?.channel === channel) this.#dial = undefined;
    this.#step({ type: 'up' });
    const session = new Session({
      link: this,
      listener,
      channel,
      clock,
      limits,
      peer,
      onBroken: (reason) => this.#fall(reason),
      onSilent: () => this.#silent(),
      onHeard: (silentMs) => this.#heard(silentMs),
    });
    channel.admit(session);
    const { streamWindowBytes: _, ...introduction } = peer;
    this.#session = session;
    this.#peer = { ...introduction, number };
    this.#upMs = clock.nowMs();
    this.#lastRefusal = '';
    heart.add(session);
    this.#tellUp(this.#peer);
  }

  /** The dial under way came to nothing. */
  dialFailed(greeting: Greeting, lasting: boolean): void {
    if (this.#dial !== greeting) return;
    this.#dial = undefined;
    this.#step({ type: 'failed', lasting, random: this.#options.random() });
  }

  /** Whether a refusal is news. */
  isNews(refusal: Refusal, there: boolean): boolean {
    const refused = `${there} ${refusal.reason}`;
    if (refusal.reason === 'duplicate' || this.#lastRefusal === refused) return false;
    this.#lastRefusal = refused;
    return true;
  }

  get #open(): Session | undefined {
    return this.#closed ? undefined : this.#session;
  }

  /** By itself, or because the peer has closed it. */
  #fall(reason: DownReason): void {
    const { clock, random, onForgotten } = this.#options;
    const stoodMs = clock.nowMs() - this.#upMs;
    this.#step({ type: 'down', stoodMs, closed: reason.kind === 'closed', random: random() });
    this.#end(reason);
    if (!this.#dialler.wanted && this.#session === undefined) onForgotten(this);
  }

  /** The session is over. It is gone for the user before the user hears of what ends with it. */
  #end(reason: DownReason): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    this.#peer = undefined;
    this.#options.heart.remove(session);
    session.settle(reason);
    this.#options.observe({ type: 'down', address: this.address, reason });
    this.#options.listener.down(this, reason);
  }

  #step(event: DiallerEvent): void {
    for (const effect of this.#dialler.step(event)) this.#run(effect);
  }

  #run(effect: DiallerEffect): void {
    switch (effect.type) {
      case 'dial':
        this.#dial = this.#options.dial(this);
        return;
      case 'abandon':
        this.#dial?.giveUp();
        this.#dial = undefined;
        return;
      case 'wait':
        this.#wait?.cancel();
        if (effect.delayMs === undefined) return;
        this.#wait = this.#options.clock.setTimer(effect.delayMs, () => this.#step({ type: 'woken' }));
        return;
      default:
        unreachable(effect);
    }
  }

  #tellUp(peer: Peer): void {
    const { listener, observe } = this.#options;
    const { address, session, version, proved, number } = peer;
    observe({ type: 'up', address, session, version, proved, number });
    if (!proved) observe({ type: 'unproved', address });
    listener.up(this, peer);
  }

  #silent(): void {
    this.#options.observe({ type: 'silent', address: this.address });
    this.#options.listener.silent?.(this);
  }

  #heard(silentMs: number): void {
    this.#options.observe({ type: 'heard', address: this.address, silentMs });
    this.#options.listener.heard?.(this, silentMs);
  }
}
