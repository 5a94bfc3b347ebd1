import type { IncomingMessage, ServerResponse } from 'node:http';
import { type CallContext, contextFromHeaders, runInContext } from '../calls/index.ts';
import type { Host } from '../host/index.ts';
import { AbandonedHandlers } from './abandoned.ts';
import { Admission } from './admission.ts';
import type { ClientErrors } from './client-errors.ts';
import { type ErrorAnswer, type ErrorBody, errorHeaders, refusal } from './errors.ts';
import { PauseGate } from './faults.ts';
import { isAlwaysAnswered } from './health.ts';
import type { ServiceLimits } from './limits.ts';
import { toOriginForm } from './target.ts';

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
  /** Shared with gRPC. */
  readonly admission: Admission;
  readonly #options: IntakeOptions;
  readonly #pause: PauseGate;
  readonly #abandoned: AbandonedHandlers;
  /** `close` of a response whose request has a place; `this` is the response. */
  readonly #onAdmittedClose: (this: ServerResponse) => void;
  /** Fastify's own handler, known once the app is made. */
  #handle: Handler | undefined;
  #underWay = 0;
  #idle: (() => void)[] = [];

  constructor(options: IntakeOptions) {
    this.#options = options;
    const { host, limits } = options;
    this.admission = new Admission(limits.requestsInFlightMax);
    this.#pause = new PauseGate(host.faults);
    this.#abandoned = new AbandonedHandlers(host.clock, limits.abandonedKeptMs);
    const ended = (): void => this.#leave();
    const abandoned = this.#abandoned;
    this.#onAdmittedClose = function (this: ServerResponse) {
      if (this.headersSent || this.writableEnded) ended();
      else abandoned.keep(this, ended);
    };
  }

  /** HTTP requests being handled, also those whose caller has left. */
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
    this.#abandoned.close();
  }

  readonly onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    this.#underWay += 1;
    this.#options.clientErrors.noteRequest(request.socket);
    const refused = this.#refuse(request);
    const isExempt = refused !== undefined || isAlwaysAnswered(request.url as string);
    if (!isExempt && this.admission.tryEnter()) {
      this.#admitted(request, response);
      return;
    }
    response.on('close', this.#onEnd);
    if (isExempt && refused === undefined) this.#start(request, response, this.#contextOf(request));
    else this.#answer(response, refused ?? this.#tooBusy());
  };

  /**
   * For gRPC: now, or when no drill pauses this process any more. The function it returns drops work that
   * still waits, as its caller has left.
   */
  whenUnpaused(work: () => void): () => void {
    if (this.#pause.isShut) return this.#pause.hold(work);
    work();
    return nothingWaits;
  }

  #admitted(request: IncomingMessage, response: ServerResponse): void {
    // Its deadline counts from now on, held back or not.
    const context = this.#contextOf(request);
    if (!this.#pause.isShut) {
      response.on('close', this.#onAdmittedClose);
      this.#start(request, response, context);
      return;
    }
    const drop = this.#pause.hold(() => {
      response.off('close', onLeft);
      response.on('close', this.#onAdmittedClose);
      this.#start(request, response, context);
    });
    const onLeft = (): void => {
      drop();
      this.#leave();
    };
    response.on('close', onLeft);
  }

  #contextOf({ headers }: IncomingMessage): CallContext {
    const { clock, random } = this.#options.host;
    return contextFromHeaders(headers, clock, random);
  }

  #start(request: IncomingMessage, response: ServerResponse, context: CallContext): void {
    runInContext(context, this.#handle as Handler, request, response);
  }

  #refuse(request: IncomingMessage): ErrorAnswer | undefined {
    const { headers } = request;
    if (headers.host === undefined && request.httpVersion === '1.1') {
      return refusal(400, 'The header field Host is missing.');
    }
    if (!toOriginForm(request)) {
      return refusal(400, 'The address is not valid: it begins with / or with http:// and a host.');
    }
    const url = request.url as string;
    if (url.includes('%') && !isValidEncoding(url)) {
      return refusal(
        400,
        'The address is not valid percent-encoding: write % as %25, other bytes as UTF-8.',
      );
    }
    const type = headers['content-type'];
    // A Content-Type that is none must not keep a body from being read; RFC 9110 8.3 reads it as bytes.
    if (type !== undefined && !mediaType.test(type)) headers['content-type'] = 'application/octet-stream';
    return undefined;
  }

  #tooBusy(): ErrorAnswer {
    return { ...refusal(503, tooBusy), retryAfterS: this.#options.limits.retryAfterS };
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

  #leave(): void {
    this.admission.leave();
    this.#onEnd();
  }

  readonly #onEnd = (): void => {
    this.#underWay -= 1;
    if (this.#underWay > 0 || this.#idle.length === 0) return;
    for (const done of this.#idle.splice(0)) done();
  };
}

const nothingWaits = (): void => {};

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
