import type { Balance } from './balance/balancer.ts';
import type { Call } from './call.ts';
import type { Endpoint } from './endpoint.ts';

/** Why an instance was chosen: the balancer's choice, the breaker's probe, or for want of a better one. */
export type ChosenBy = Balance | 'probe' | 'last-resort';

/** What a driver made of an attempt, so that it can be given up. Opaque to the core. */
export interface Sending {
  abort(): void;
  /** Its answer has begun, and for a while nothing more of it has come though it was wanted. */
  readonly isStalled?: boolean | undefined;
}

export interface PassedOver {
  readonly instance: string;
  readonly why: 'ejected' | 'avoided' | 'full' | 'tried';
}

/** One sending of a call to one instance. Made and ended by the core. */
export class Attempt<Token> {
  readonly call: Call<Token>;
  readonly endpoint: Endpoint;
  /** 1 for the first of its call. */
  readonly number: number;
  readonly sentAtMs: number;
  /** Of the instance's breaker when it began. */
  readonly epoch: number;
  readonly isProbe: boolean;
  by: ChosenBy = 'p2c';
  /** How long an answer of this service may take before the instance is taken for sick. */
  patienceMs = 0;
  /** When the call looks for another instance; infinite when it stays with this one. */
  dueMs = Number.POSITIVE_INFINITY;
  isUnderWay = true;
  /** The head of a good answer has come: nobody waits for it any more. */
  isAnswering = false;
  passedOver: readonly PassedOver[] | undefined;
  sending: Sending | undefined;

  /** The number counts from what the call has sent already. */
  constructor(call: Call<Token>, endpoint: Endpoint, nowMs: number) {
    this.call = call;
    this.endpoint = endpoint;
    this.number = call.attempts + 1;
    this.sentAtMs = nowMs;
    this.epoch = endpoint.breaker.epoch;
    this.isProbe = endpoint.breaker.isProbing;
  }
}
