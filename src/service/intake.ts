import type { IncomingMessage, ServerResponse } from 'node:http';
import { contextFromHeaders, runInContext } from '../calls/index.ts';
import type { Host } from '../host/index.ts';
import type { ClientErrors } from './client-errors.ts';
import { type ErrorAnswer, type ErrorBody, errorHeaders, refusal } from './errors.ts';
import { faultsPath, PauseGate } from './faults.ts';
import { isAlwaysAnswered } from './health.ts';
import type { ServiceLimits } from './limits.ts';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

export interface IntakeOptions {
  readonly host: Host;
  readonly limits: ServiceLimits;
  readonly errorBody: ErrorBody;
  readonly clientErrors: ClientErrors;
}

/**
 * The first to see each request: it counts what is under way, turns away what is too much or cannot be
 * right, and runs the rest inside the context its headers give. On every request's path, so it
 * allocates the context and nothing else.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #pause: PauseGate;
  /** Fastify's own handler, known once the app is made. */
  #handle: Handler | undefined;
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
    this.#pause = new PauseGate(options.host.faults);
  }

  /** HTTP requests being handled. */
  get underWay(): number {
    return this.#underWay;
  }

  handleWith(handle: Handler): void {
    this.#handle = handle;
  }

  /** Calls back when nothing is under way. */
  whenIdle(done: () => void): void {
    if (this.#underWay === 0) done();
    else this.#idle.push(done);
  }

  close(): void {
    this.#pause.close();
  }

  readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#underWay += 1;
    this.#options.clientErrors.noteRequest(request.socket);
    response.on('close', this.#onEnd);
    const refused = this.#refuse(request);
    if (refused !== undefined) {
      this.#answer(response, refused);
      return;
    }
    if (this.#pause.isShut && !isAlwaysAnswered(request.url as string, faultsPath)) {
      this.#pause.hold(() => this.#start(request, response));
      return;
    }
    this.#start(request, response);
  };

  /** For gRPC: now, or when no drill pauses this process any more. */
  whenUnpaused(work: () => void): void {
    if (this.#pause.isShut) this.#pause.hold(work);
    else work();
  }

  #start(request: IncomingMessage, response: ServerResponse): void {
    const { clock, random } = this.#options.host;
    const context = contextFromHeaders(request.headers, clock, random);
    runInContext(context, this.#handle as Handler, request, response);
  }

  #refuse(request: IncomingMessage): ErrorAnswer | undefined {
    const { limits } = this.#options;
    const url = request.url as string;
    const { headers } = request;
    if (headers.host === undefined && request.httpVersion === '1.1') {
      return refusal(400, 'The header field Host is missing.');
    }
    if (url.includes('%') && !isValidEncoding(url)) {
      return refusal(
        400,
        'The address is not valid percent-encoding: write % as %25, other bytes as UTF-8.',
      );
    }
    if (this.#underWay > limits.requestsInFlightMax && !isAlwaysAnswered(url, faultsPath)) {
      return { ...refusal(503, tooBusy), retryAfterS: limits.retryAfterS };
    }
    const type = headers['content-type'];
    // A Content-Type that is none must not keep a body from being read; RFC 9110 8.3 reads it as bytes.
    if (type !== undefined && !mediaType.test(type)) headers['content-type'] = 'application/octet-stream';
    return undefined;
  }

  #answer(response: ServerResponse, error: ErrorAnswer): void {
    const body = Buffer.from(JSON.stringify(this.#options.errorBody(error)));
    response.writeHead(error.status, {
      'content-type': 'application/json; charset=utf-8',
      'content-length': body.length,
      ...errorHeaders(error),
    });
    response.end(body);
  }

  readonly #onEnd = (): void => {
    this.#underWay -= 1;
    if (this.#underWay > 0 || this.#idle.length === 0) return;
    for (const done of this.#idle.splice(0)) done();
  };
}

export const tooBusy = 'The service is too busy: try again in a moment.';

/** As Fastify reads it: `type/subtype`, then parameters. */
const mediaType = /^[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(;|$)/;

function isValidEncoding(url: string): boolean {
  try {
    decodeURIComponent(url);
    return true;
  } catch {
    return false;
  }
}
