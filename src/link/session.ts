import type { Clock, Timer } from '../host/index.ts';
import { assert } from '../std/index.ts';
import type { Channel, ChannelUser } from './channel.ts';
import type { Introduction } from './core/handshake-events.ts';
import { Liveness } from './core/liveness.ts';
import { Requests } from './core/requests.ts';
import type { LinkLimits } from './limits.ts';
import type { DownReason, Link, LinkListener, LinkStream, RequestOutcome, StreamHandlers } from './link.ts';
import { patientTimer } from './patient-timer.ts';
import { decodeReason, encodeReason } from './reason.ts';
import { ServedRequest } from './served-request.ts';
import { Streams } from './streams.ts';
import { frameType } from './wire.ts';

const nothing: Uint8Array = new Uint8Array(0);

interface Waiting {
  readonly done: (outcome: RequestOutcome) => void;
  readonly timer: Timer;
}

export interface SessionOptions {
  readonly link: Link;
  readonly listener: LinkListener;
  readonly channel: Channel;
  readonly clock: Clock;
  readonly limits: LinkLimits;
  readonly peer: Introduction;
  /** It is over, by itself: `settle` is next. */
  readonly onBroken: (reason: DownReason) => void;
  readonly onSilent: () => void;
  readonly onHeard: (silentMs: number) => void;
}

/**
 * A link while it is up: one connection, from the end of its handshake. Invariant: once it is over the
 * listener gets nothing of it any more, and every request and stream of it ends.
 */
export class Session implements ChannelUser {
  readonly liveness: Liveness;
  readonly #options: SessionOptions;
  readonly #channel: Channel;
  readonly #requests: Requests<Waiting>;
  readonly #streams: Streams;
  #served = 0;
  #servedBytes = 0;
  #owesDrained = false;
  #over = false;
  /** When it was over: so much of what was queued had left. */
  #leftBytes = 0;

  constructor(options: SessionOptions) {
    const { link, listener, channel, clock, limits, peer } = options;
    this.#options = options;
    this.#channel = channel;
    this.liveness = new Liveness(limits, clock.nowMs());
    this.#requests = new Requests(limits.requestsMax);
    this.#streams = new Streams({
      link,
      listener,
      limits,
      out: channel.out,
      dialled: channel.dialled,
      sendWindowBytes: peer.streamWindowBytes,
      touch: () => channel.touch(),
      setTimer: (fire) => clock.setTimer(0, fire),
    });
  }

  get channel(): Channel {
    return this.#channel;
  }

  get #hasRoom(): boolean {
    return this.#channel.out.bytes < this.#options.limits.queueBytesMax;
  }

  send(kind: number, payload: Uint8Array): boolean {
    if (!this.#hasRoom) {
      this.#owesDrained = true;
      return false;
    }
    this.#put(frameType.message, kind, 0, payload);
    return true;
  }

  request(
    kind: number,
    payload: Uint8Array,
    timeoutMs: number,
    done: (outcome: RequestOutcome) => void,
  ): boolean {
    if (!this.#hasRoom || this.#requests.full) return false;
    const { clock, limits } = this.#options;
    const id = this.#requests.nextId();
    const timer = patientTimer(clock, limits, timeoutMs, () => {
      this.#requests.take(id);
      done({ kind: 'timeout' });
    });
    this.#put(frameType.request, kind, id, payload);
    this.#requests.add(id, { done: { done, timer }, position: this.#channel.out.totalBytes });
    return true;
  }

  openStream(kind: number, payload: Uint8Array, handlers: StreamHandlers): LinkStream | undefined {
    assertSendable(kind, payload, this.#options.limits);
    return this.#hasRoom ? this.#streams.open(kind, payload, handlers) : undefined;
  }

  /** Ends it on purpose: what is queued leaves first. */
  close(): void {
    if (this.#over) return;
    this.#over = true;
    const { out } = this.#channel;
    out.frame(frameType.close);
    this.#leftBytes = out.totalBytes;
    this.#channel.finish();
  }

  /** Drops it with what is queued. */
  drop(reason: DownReason): void {
    if (this.#over) return;
    this.#over = true;
    const { out } = this.#channel;
    this.#leftBytes = out.totalBytes - out.bytes;
    out.clear();
    // To one who closes in good order an end is the answer, not a reset.
    if (reason.kind === 'closed') this.#channel.finish();
    else this.#channel.destroy();
  }

  /** Ends all requests and streams, once it is over and its link is down. */
  settle(reason: DownReason): void {
    for (const { done, position } of this.#requests.takeAll()) {
      done.timer.cancel();
      done.done({ kind: 'down', mayHaveBeenDelivered: position <= this.#leftBytes });
    }
    this.#streams.drop(reason.message);
  }

  /** Time to look at how alive it is. */
  beat(nowMs: number): void {
    // What is not read is no silence of the peer.
    if (this.#channel.held) this.heard(nowMs);
    for (const pulse of this.liveness.beat(nowMs)) {
      if (pulse === 'silent') this.#options.onSilent();
      else if (pulse === 'heartbeat' && this.#channel.idle) this.#put(frameType.heartbeat, 0, 0);
      else if (pulse === 'dead') {
        const { deadMs } = this.#options.limits;
        this.#break({ kind: 'dead', message: `Nothing was heard of the peer for ${deadMs} ms.` });
      }
    }
  }

  heard(nowMs: number): void {
    const silentMs = this.liveness.heard(nowMs);
    if (silentMs !== undefined) this.#options.onHeard(silentMs);
  }

  sent(nowMs: number): void {
    this.liveness.sent(nowMs);
  }

  fill(): boolean {
    const { link, listener, limits } = this.#options;
    if (this.#owesDrained && this.#channel.out.bytes < limits.queueBytesMax / 2) {
      this.#owesDrained = false;
      listener.drained?.(link);
    }
    if (this.#over) return false;
    const more = this.#streams.fill();
    return more || this.#owesDrained;
  }

  broke(reason: DownReason): void {
    this.#break(reason);
  }

  frame(type: number, kind: number, id: number, payload: Uint8Array): void {
    const { link, listener } = this.#options;
    if (type === frameType.message) listener.message(link, kind, payload);
    else if (type === frameType.request) this.#serve(kind, id, payload);
    else if (type === frameType.answer) this.#answered(id, { kind: 'answered', payload });
    else if (type === frameType.rejection) {
      this.#answered(id, { kind: 'refused', reason: decodeReason(payload) });
    } else if (type >= frameType.streamOpen && type <= frameType.credit) {
      const problem = this.#streams.frame(type, kind, id, payload);
      if (problem !== undefined) this.#break({ kind: 'garbage', message: `The peer ${problem}.` });
    } else this.#control(type, payload);
  }

  #control(type: number, payload: Uint8Array): void {
    switch (type) {
      case frameType.heartbeat:
        return;
      case frameType.close:
        this.#break({ kind: 'closed', message: 'The peer has closed the link.' });
        return;
      case frameType.refuse:
        // It was adopted here while the peer had given it up.
        this.#break({ kind: 'lost', message: decodeReason(payload) });
        return;
      default:
        this.#break({
          kind: 'garbage',
          message: `The peer sent a frame of type ${type} after the handshake.`,
        });
    }
  }

  #serve(kind: number, id: number, payload: Uint8Array): void {
    const { link, listener, limits } = this.#options;
    if (listener.request === undefined) this.#reject(id, 'Nobody takes requests there.');
    else if (this.#served >= limits.requestsServedMax)
      this.#reject(id, 'Too many requests are under way there.');
    else {
      const { length } = payload;
      this.#countServed(1, length);
      const reply = new ServedRequest((answer) => this.#answer(id, length, answer));
      listener.request(link, kind, payload, reply);
    }
  }

  #countServed(requests: number, bytes: number): void {
    this.#served += requests;
    this.#servedBytes += bytes;
    this.#channel.hold(this.#servedBytes > this.#options.limits.requestsServedBytesMax);
  }

  #answer(id: number, requestBytes: number, answer: Uint8Array | string): void {
    if (this.#over) return;
    this.#countServed(-1, -requestBytes);
    if (typeof answer === 'string') this.#reject(id, answer);
    else this.#put(frameType.answer, 0, id, answer);
  }

  #reject(id: number, reason: string): void {
    this.#put(frameType.rejection, 0, id, encodeReason(reason));
  }

  /** An answer that comes after its request was given up finds nobody. */
  #answered(id: number, outcome: RequestOutcome): void {
    const pending = this.#requests.take(id);
    pending?.done.timer.cancel();
    pending?.done.done(outcome);
  }

  #put(type: number, kind: number, id: number, payload = nothing): void {
    assertSendable(kind, payload, this.#options.limits);
    this.#channel.out.frame(type, kind, id, payload);
    this.#channel.touch();
  }

  #break(reason: DownReason): void {
    if (this.#over) return;
    this.drop(reason);
    this.#options.onBroken(reason);
  }
}

function assertSendable(kind: number, payload: Uint8Array, limits: LinkLimits): void {
  assert(payload.length <= limits.payloadBytesMax, 'a payload is within payloadBytesMax');
  assert(kind >>> 0 === kind && kind < 0x1_0000, 'a kind is a whole number below 2^16');
}
