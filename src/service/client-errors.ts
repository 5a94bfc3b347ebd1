import { type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Clock } from '../host/index.ts';
import { type ErrorAnswer, type ErrorBody, refusal } from './errors.ts';
import type { ServiceLimits } from './limits.ts';

/** What node:http adds to an error of its parser. */
interface ParseError extends Error {
  readonly code?: string | undefined;
  readonly reason?: string | undefined;
  /** The bytes the parser was given last, and how many of them it took. */
  readonly rawPacket?: unknown;
  readonly bytesParsed?: unknown;
}

export interface ClientErrorOptions {
  readonly clock: Clock;
  readonly limits: ServiceLimits;
  readonly errorBody: ErrorBody;
}

const lineSeen = Symbol('lineSeen');

/** True when its first bytes held a whole request line. On the socket, where it costs nothing. */
type NotedSocket = Socket & { [lineSeen]?: boolean };

/** Answers what never became a request (floods, garbage, headers without end), then closes. */
export class ClientErrors {
  readonly #options: ClientErrorOptions;
  readonly #closing = new WeakSet<Socket>();

  constructor(options: ClientErrorOptions) {
    this.#options = options;
  }

  /** Whether nothing more may be written to it, nor read from it. */
  isClosing(socket: Socket): boolean {
    return this.#closing.has(socket);
  }

  noteFirstBytes(socket: NotedSocket, bytes: Buffer): void {
    socket[lineSeen] = bytes.includes(lineFeed);
  }

  /** What was noted concerned the request that is now complete. */
  noteRequest(socket: NotedSocket): void {
    if (socket[lineSeen] === true) socket[lineSeen] = false;
  }

  /** For node:http's `clientError`. */
  onClientError(error: ParseError, socket: Socket): void {
    if (this.#closing.has(socket)) return;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    // node:http keeps the response that is being written there; its own handler looks there too.
    const response = (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage;
    if (response === undefined || response === null) {
      this.refuse(socket, this.#answerTo(error, socket));
      return;
    }
    if (!response.req.complete && !response.headersSent) {
      this.refuse(socket, this.#answerTo(error, socket));
      return;
    }
    // The bytes behind a good request are bad: its answer is still owed, nothing may be written into it.
    this.#closing.add(socket);
    socket.pause();
    if (response.req.complete) response.once('close', () => socket.destroy());
    else socket.destroy();
  }

  /** Writes a whole answer by hand, then closes. */
  refuse(socket: Socket, answer: ErrorAnswer): void {
    const body = JSON.stringify(this.#options.errorBody(answer));
    const head = [
      `HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status] ?? ''}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      'connection: close',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
    this.closeGently(socket);
  }

  /**
   * Closes for writing, reads on for a moment and throws away what comes: closing with unread bytes
   * would send a reset, which destroys the answer on its way to the caller (RFC 9112, 9.6).
   */
  closeGently(socket: Socket): void {
    if (this.#closing.has(socket)) return;
    this.#closing.add(socket);
    const { clock, limits } = this.#options;
    const timer = clock.setTimer(limits.lingerMs, () => socket.destroy());
    socket.once('close', () => timer.cancel());
    socket.once('end', () => socket.destroy());
    socket.on('error', discard);
    // Also takes the bytes away from the parser, which has given up on them.
    socket.on('data', discard);
    socket.end();
    socket.resume();
  }

  #answerTo(error: ParseError, socket: Socket): ErrorAnswer {
    const { headBytesMax, headersMax } = this.#options.limits;
    switch (error.code) {
      case 'HPE_HEADER_OVERFLOW':
        return this.#isLineTooLong(error, socket)
          ? refusal(414, `The address is too long: ${headBytesMax} bytes are allowed with the header.`)
          : refusal(
              431,
              `The header is too large: ${headBytesMax} bytes and ${headersMax} fields are allowed.`,
            );
      case 'ERR_HTTP_REQUEST_TIMEOUT':
        return refusal(408, 'The request did not arrive in time.');
      case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
        return refusal(413, 'The chunk extensions are too large.');
      default:
        return refusal(400, whatIsWrong(error));
    }
  }

  #isLineTooLong(error: ParseError, socket: NotedSocket): boolean {
    const bytes = lastBytes(error).subarray(0, Number(error.bytesParsed));
    if (bytes.includes(lineFeed)) return false;
    return socket[lineSeen] !== true;
  }
}

function discard(): void {}

const lineFeed = 0x0a;
const tlsHandshake = 0x16;

function lastBytes({ rawPacket }: ParseError): Buffer {
  return Buffer.isBuffer(rawPacket) ? rawPacket : Buffer.alloc(0);
}

function whatIsWrong(error: ParseError): string {
  if (lastBytes(error)[0] === tlsHandshake) {
    return 'This port speaks plain HTTP, not TLS: use http:// instead of https://.';
  }
  if (error.code === 'HPE_INVALID_URL') {
    return 'The address is not valid: percent-encode what is neither a letter, a digit nor one of -._~/?=&.';
  }
  const reason = error.reason ?? error.message.replace(/^Parse Error: /, '');
  return `The request is not valid HTTP: ${reason.slice(0, 200)}.`;
}
