import {
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
} from 'fastify';
import type { Clock } from '../host/index.ts';
import { AssertionFailure } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { noteHandler } from './abandoned.ts';
import { AllowedMethods } from './allow.ts';
import { readBodiesAsJson } from './body.ts';
import type { ClientErrors } from './client-errors.ts';
import { answerTo, type ErrorAnswer, type ErrorBody, errorHeaders, refusal } from './errors.ts';
import type { Intake } from './intake.ts';
import type { ServiceLimits } from './limits.ts';
import type { PortListener } from './listener.ts';

export interface HttpOptions {
  readonly listener: PortListener;
  readonly intake: Intake;
  readonly clientErrors: ClientErrors;
  readonly limits: ServiceLimits;
  readonly errorBody: ErrorBody;
  readonly log: Logger;
  readonly clock: Clock;
  /** Called with what a handler threw that proves the program wrong, once it is answered. */
  readonly onBug: (error: AssertionFailure) => void;
}

/** The Fastify app of a service: bounds, JSON bodies and error answers set up, no route yet. */
export function createApp(options: HttpOptions): FastifyInstance {
  const { listener, intake, clientErrors, limits } = options;
  const errors = new ErrorAnswers(options);
  const app = fastify({
    serverFactory: (handle) => {
      intake.handleWith(handle);
      return listener.server;
    },
    logger: false,
    bodyLimit: limits.bodyBytesMax,
    // What a service opens, such as a journal that is read, takes as long as it takes.
    pluginTimeout: 0,
    routerOptions: { maxParamLength: limits.pathPartCharsMax },
    clientErrorHandler: (error, socket) => clientErrors.onClientError(error, socket),
    frameworkErrors: (error, _request, reply) => errors.send(reply as never, answerTo(error)),
  });
  readBodiesAsJson(app);
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      const handled = handler.call(this, request, reply);
      noteHandler(reply.raw, handled);
      return handled;
    };
  });
  app.setErrorHandler((error, request, reply) => errors.onError(error, request, reply));
  answerUnknownRoutes(app, errors);
  return app;
}

/** 404, or 405 with the methods the path does have. Their bodies are not read. */
function answerUnknownRoutes(app: FastifyInstance, errors: ErrorAnswers): void {
  const allowed = new AllowedMethods();
  app.addHook('onRoute', ({ method, url }) => allowed.add(method, url));
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.setNotFoundHandler((request, reply) => {
      const { method, url } = request.raw;
      const methods = allowed.of(url as string);
      if (methods.length === 0 || methods.includes(method as string)) {
        const path = (url as string).split('?', 1)[0] ?? '';
        errors.send(reply, refusal(404, `There is nothing at ${method} ${path.slice(0, 200)}.`));
        return;
      }
      const allow = methods.join(', ');
      errors.send(reply, { ...refusal(405, `${method} is not possible here, only ${allow}.`), allow });
    });
  });
}

class ErrorAnswers {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  send(reply: FastifyReply, answer: ErrorAnswer): void {
    const body = JSON.stringify(this.#options.errorBody(answer));
    reply.code(answer.status).headers(errorHeaders(answer));
    reply.type('application/json; charset=utf-8').send(body);
  }

  onError(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const answer = error instanceof Error ? this.#answerTo(error, request) : answerTo(error);
    // Fastify closes the connection after every bad body; one that was read to its end leaves it sound.
    if (request.raw.complete) reply.removeHeader('connection');
    else this.#closeGentlyAfter(request);
    if (error instanceof AssertionFailure) {
      this.#crashAfter(error, reply);
    } else if (answer.status >= 500 && !request.raw.socket.destroyed) {
      this.#options.log.error({ endpoint: endpointOf(request), status: 'error', error });
    }
    this.send(reply, answer);
  }

  #answerTo(error: Error, request: FastifyRequest): ErrorAnswer {
    if ((error as FastifyError).code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
      const { bodyLimit } = request.routeOptions;
      return refusal(413, `The body is too large: it may have ${bodyLimit} bytes.`);
    }
    return answerTo(error);
  }

  /** node:http calls `destroySoon` when the answer has left; what still comes must not reset it. */
  #closeGentlyAfter(request: FastifyRequest): void {
    const { socket } = request.raw;
    socket.destroySoon = () => this.#options.clientErrors.closeGently(socket);
  }

  #crashAfter(error: AssertionFailure, reply: FastifyReply): void {
    reply.header('connection', 'close');
    const { clock, limits, onBug } = this.#options;
    // A caller that does not take its answer must not keep a broken process alive.
    const timer = clock.setTimer(limits.bugAnswerMs, () => onBug(error));
    reply.raw.once('close', () => {
      timer.cancel();
      onBug(error);
    });
  }
}

/** The route's pattern; the path itself where that is a wildcard, which says nothing. */
function endpointOf({ routeOptions, raw }: FastifyRequest): string {
  const { url = '' } = routeOptions;
  return url.endsWith('*') ? ((raw.url as string).split('?', 1)[0] as string) : url;
}
