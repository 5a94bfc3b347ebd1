import { createClient } from '@connectrpc/connect';
import type { Calls } from 'holdfast/calls';
import { describeError, HoldfastError } from 'holdfast/std';
import { ServiceA } from '../gen/service_a_pb.js';
import type { Via } from './via.ts';

/** A call of A takes no longer than this, whatever deadline the request has. */
export const callTimeoutMs = 1_000;

export type CallA = (msg: string) => Promise<Echoed>;

export interface Echoed {
  readonly echo: string;
}

/** A called over HTTP or gRPC: both give the same answers and the same errors. */
export function callA(calls: Calls, via: Via): CallA {
  return via === 'http' ? overHttp(calls) : overGrpc(calls);
}

function overHttp(calls: Calls): CallA {
  return async (msg) => {
    const path = `/echo?msg=${encodeURIComponent(msg)}`;
    const answer = await calls.request('echo-a', { path, timeoutMs: callTimeoutMs });
    const text = answer.text();
    if (answer.status < 200 || answer.status > 299) {
      throw new HoldfastError(
        'unknown',
        `Provider answered with status ${answer.status}: ${excerpt(text)}`,
      );
    }
    return echoedIn(text);
  };
}

function overGrpc(calls: Calls): CallA {
  const client = createClient(ServiceA, calls.transport('echo-a'));
  return async (msg) => echoedIn((await client.echo({ msg }, { timeoutMs: callTimeoutMs })).msg);
}

function echoedIn(text: string): Echoed {
  const value = parsed(text);
  if (typeof value === 'object' && value !== null && 'echo' in value && typeof value.echo === 'string') {
    return { echo: value.echo };
  }
  throw new HoldfastError('unknown', `Provider answered with something that is no echo: ${excerpt(text)}`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}...` : text);
}

/** What B tells its client of a call of A that failed. */
export function errorOf(failure: unknown): string {
  if (!(failure instanceof HoldfastError)) throw failure;
  if (failure.code === 'deadline_exceeded') return 'Request timed out';
  if (failure.code === 'unavailable') return 'Provider is down or unreachable';
  return failure.message.startsWith('Provider answered')
    ? failure.message
    : `Provider answered with an error: ${failure.message}`;
}

/** What B logs of it: with the cause that its client is not told. */
export function loggedErrorOf(failure: unknown): string {
  const told = errorOf(failure);
  const cause = describeError(failure);
  return cause === told ? told : `${told}: ${cause}`;
}
