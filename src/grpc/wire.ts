import { codeOfGrpcStatus, type ErrorCode, HoldfastError } from '../std/index.ts';
import { limits } from './limits.ts';

/**
 * gRPC over HTTP/2 as its specification has it (github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md):
 * length-prefixed messages, timeouts, status in trailers.
 */
export const contentType = 'application/grpc+proto';

const prefixBytes = 5;

/** One message with its prefix: a flag byte (0: not compressed) and its length in four bytes, big endian. */
export function frameOf(message: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(prefixBytes + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, prefixBytes);
  return frame;
}

/**
 * Cuts a byte stream into messages. Chunks of an unfinished message are kept as they came and joined once,
 * so that the work is linear however small they are. Throws a HoldfastError on a frame that is not allowed.
 */
export class FrameReader {
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** With fewer bytes than this there is nothing to do: the next prefix, or all of the next message. */
  #wantedBytes = prefixBytes;

  /** The messages that are whole now, in order. */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wantedBytes) return messages;
    let pending = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks, this.#bytes);
    this.#wantedBytes = prefixBytes;
    while (pending.length >= prefixBytes) {
      const end = prefixBytes + lengthIn(pending);
      if (pending.length < end) {
        this.#wantedBytes = end;
        break;
      }
      messages.push(pending.subarray(prefixBytes, end));
      pending = pending.subarray(end);
    }
    this.#chunks = pending.length === 0 ? [] : [pending];
    this.#bytes = pending.length;
    return messages;
  }

  /** Bytes of a message that has not ended. */
  get unfinishedBytes(): number {
    return this.#bytes;
  }
}

function lengthIn(frame: Buffer): number {
  const flag = frame[0];
  if (flag !== 0) {
    const text = 'The message is compressed, and no compression was agreed on.';
    throw new HoldfastError(flag === 1 ? 'unimplemented' : 'internal', text, { retryable: false });
  }
  const length = frame.readUInt32BE(1);
  if (length > limits.messageBytesMax) {
    const text = `A message of ${length} bytes is over the limit of ${limits.messageBytesMax}.`;
    throw new HoldfastError('resource_exhausted', text, { retryable: false });
  }
  return length;
}

const unitsMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 0.001,
  n: 0.000001,
};

/** `100m` -> 100. Undefined when it is absent or not of the form: at most eight digits and a unit. */
export function parseTimeout(value: unknown): number | undefined {
  if (typeof value !== 'string' || !/^\d{1,8}[HMSmun]$/.test(value)) return undefined;
  return Number(value.slice(0, -1)) * (unitsMs[value.slice(-1)] as number);
}

export function formatTimeout(remainingMs: number): string {
  const wholeMs = Math.max(1, Math.floor(remainingMs));
  return wholeMs < 100_000_000 ? `${wholeMs}m` : `${Math.floor(wholeMs / 1_000)}S`;
}

/** Percent-encodes what is not printable ASCII, and `%`. Cut after a whole character when too long. */
export function encodeStatusMessage(message: string): string {
  const wellFormed = message.toWellFormed();
  const encoded = percentEncode(wellFormed);
  if (encoded.length <= limits.statusMessageLengthMax) return encoded;
  let cut = '';
  for (const character of wellFormed) {
    const next = cut + percentEncode(character);
    if (next.length > limits.statusMessageLengthMax) break;
    cut = next;
  }
  return cut;
}

function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /%20|%2C|%3A|%2F|%3D|%40|%22|%3B|%3F|%23|%7B|%7D|%5B|%5D|%3C|%3E|%2B|%26|%24/g,
    decodeURIComponent,
  );
}

/** As it came, where it is not valid percent-encoding. */
export function decodeStatusMessage(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** The code for an HTTP status that came without a grpc-status (grpc/doc/http-grpc-status-mapping.md). */
export function codeOfHttpStatus(status: number): ErrorCode {
  if (status === 400) return 'internal';
  if (status === 401) return 'unauthenticated';
  if (status === 403) return 'permission_denied';
  if (status === 404) return 'unimplemented';
  return status === 429 || (status >= 502 && status <= 504) ? 'unavailable' : 'unknown';
}

/** When to come back, in ms, as a trailer (gRFC A6). */
export const retryAfterHeader = 'grpc-retry-pushback-ms';

export interface Status {
  readonly status: number;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

/** The status in trailers or in a trailers-only answer; undefined when there is none. */
export function statusIn(headers: Readonly<Record<string, unknown>>): Status | undefined {
  const value = headers['grpc-status'];
  if (value === undefined) return undefined;
  const message = headers['grpc-message'];
  return {
    status: typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : 2,
    message: typeof message === 'string' ? decodeStatusMessage(message) : '',
    retryAfterMs: wholeMs(headers[retryAfterHeader]),
  };
}

function wholeMs(value: unknown): number | undefined {
  return typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** The fields that carry an error as a call's status. */
export function statusFields(error: HoldfastError): Record<string, string> {
  const fields: Record<string, string> = {
    'grpc-status': String(error.grpcStatus),
    'grpc-message': encodeStatusMessage(error.message),
  };
  if (error.retryAfterMs !== undefined) fields[retryAfterHeader] = String(Math.ceil(error.retryAfterMs));
  return fields;
}

/** A peer that answers has seen the call: what it did before it failed is not known. */
export function errorOf(status: Status, answeredBy: string): HoldfastError {
  const code = codeOfGrpcStatus(status.status);
  const text = status.message === '' ? `${answeredBy} answered with status ${code}.` : status.message;
  const { retryAfterMs } = status;
  return new HoldfastError(code, text, {
    answered: true,
    mayHaveExecuted: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
