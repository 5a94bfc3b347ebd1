import type { RefusalReason } from '../refusal.ts';

/** What happens in a handshake, in order. */
export type HandshakeEvent =
  /** The connection stands. */
  | { readonly type: 'start' }
  | {
      readonly type: 'frame';
      readonly frame: number;
      readonly kind: number;
      readonly id: number;
      readonly payload: Uint8Array;
    }
  /** The verdict on a `candidate`: it is the link, under this number; or it is one too many. */
  | { readonly type: 'adopt'; readonly number: number }
  | { readonly type: 'refuse'; readonly refusal: Refusal };

export interface Refusal {
  readonly reason: RefusalReason;
  /** For people: what is wrong and what to do. */
  readonly why: string;
}

/** Who is at the other end, as far as the handshake could tell. */
export interface Introduction {
  readonly address: string;
  readonly session: string;
  readonly hello: Uint8Array;
  readonly version: number;
  /** It has shown that it knows the cluster key. */
  readonly proved: boolean;
  readonly streamWindowBytes: number;
}

export type HandshakeEffect =
  | {
      readonly type: 'send';
      readonly frame: number;
      readonly kind?: number;
      readonly id?: number;
      readonly payload?: Uint8Array;
    }
  /** The peer has said who it is, unproved as yet. */
  | { readonly type: 'introduced'; readonly address: string; readonly session: string }
  /** Proved, and this side is the arbiter: `adopt` or `refuse` is next. `seen`: the peer's last adoption. */
  | { readonly type: 'candidate'; readonly peer: Introduction; readonly seen: number }
  /** Proved, and both sides keep this connection, if it is the newest. The last effect. */
  | { readonly type: 'settled'; readonly peer: Introduction; readonly number: number }
  /** Refused, `there` by the peer, else here and the peer is told. The last effect. */
  | { readonly type: 'refused'; readonly refusal: Refusal; readonly there: boolean };
