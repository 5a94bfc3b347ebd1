import type * as http2 from 'node:http2';
import { create, type DescMethod, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HoldfastError, must, type Observe } from '../std/index.ts';
import { limits } from './limits.ts';
import type { GrpcCall, GrpcService } from './service.ts';
import { answerStream, type StreamHandler } from './streaming.ts';
import { contentType, encodeStatusMessage, FrameReader, frameOf } from './wire.ts';

/** What a gRPC server reports: every call, and what its handler threw where that was no HoldfastError. */
export type GrpcEvent =
  | { readonly type: 'call-ended'; readonly procedure: string; readonly status: number }
  | { readonly type: 'handler-threw'; readonly procedure: string; readonly error: unknown };

export interface GrpcServerOptions {
  readonly services: readonly GrpcService[];
  /** Runs each call's handler, for example inside the context its headers give. */
  readonly around?: ((headers: http2.IncomingHttpHeaders, handle: () => void) => void) | undefined;
  /** Asked before each call; an error turns it away. */
  readonly admit?: (() => HoldfastError | undefined) | undefined;
  readonly observe?: Observe<GrpcEvent> | undefined;
}

interface Procedure {
  readonly name: string;
  readonly method: DescMethod;
  readonly handler: unknown;
}

type UnaryHandler = (request: unknown, call: GrpcCall) => unknown;

/** The settings a server needs: bounds on streams, headers and windows. */
export const serverOptions: http2.ServerOptions = {
  maxHeaderListPairs: limits.headerPairsMax,
  settings: {
    enablePush: false,
    maxConcurrentStreams: limits.streamsPerConnectionMax,
    maxHeaderListSize: limits.headerBytesMax,
    initialWindowSize: limits.streamWindowBytes,
  },
};

/** Answers gRPC calls on a node:http2 server: `server.on('stream', grpc.onStream)`. */
export class GrpcServer {
  readonly #procedures = new Map<string, Procedure>();
  readonly #options: GrpcServerOptions;
  #callsUnderWay = 0;
  #idle: (() => void)[] = [];

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    for (const { desc, handlers } of options.services) {
      for (const method of desc.methods) {
        const name = `${desc.typeName}/${method.name}`;
        this.#procedures.set(`/${name}`, { name, method, handler: handlers[method.localName] });
      }
    }
  }

  get callsUnderWay(): number {
    return this.#callsUnderWay;
  }

  /** Calls back when no call is under way. */
  whenIdle(done: () => void): void {
    if (this.#callsUnderWay === 0) done();
    else this.#idle.push(done);
  }

  readonly onStream = (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void => {
    // A reset by the caller is an ordinary end of a call; `close` follows and is acted on.
    stream.on('error', () => {});
    const type = headers['content-type'] ?? '';
    if (headers[':method'] !== 'POST' || !type.startsWith('application/grpc')) {
      this.#refuseHttp(stream);
      return;
    }
    const procedure = this.#procedures.get(headers[':path'] ?? '');
    if (procedure === undefined) {
      const text = `There is no procedure ${headers[':path']}.`;
      endWith(stream, new HoldfastError('unimplemented', text));
      return;
    }
    const refusal = this.#options.admit?.();
    if (refusal !== undefined) {
      endWith(stream, refusal);
      return;
    }
    this.#callsUnderWay += 1;
    stream.once('close', () => this.#ended());
    this.#start(procedure, stream, headers);
  };

  #start(procedure: Procedure, stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    const call = new ServerCall(procedure.name, stream, headers);
    const around = this.#options.around ?? ((_, handle) => handle());
    const fail = (error: unknown): void => this.#fail(procedure, stream, error);
    const done = (): void =>
      this.#options.observe?.({ type: 'call-ended', procedure: procedure.name, status: 0 });
    if (procedure.method.methodKind === 'unary') {
      const unary = procedure as Procedure & { method: DescMethodUnary };
      readOne(
        stream,
        (message) => {
          around(headers, () => answerOne(unary, message, call, stream, done, fail));
        },
        fail,
      );
      return;
    }
    around(headers, () => {
      answerStream(procedure.method, procedure.handler as StreamHandler, call, stream).then(done, fail);
    });
  }

  #fail(procedure: Procedure, stream: http2.ServerHttp2Stream, error: unknown): void {
    const known = error instanceof HoldfastError;
    if (!known) this.#options.observe?.({ type: 'handler-threw', procedure: procedure.name, error });
    const answer = known ? error : new HoldfastError('internal', 'The service failed to answer.');
    this.#options.observe?.({ type: 'call-ended', procedure: procedure.name, status: answer.grpcStatus });
    endWith(stream, answer);
  }

  #refuseHttp(stream: http2.ServerHttp2Stream): void {
    const message = 'Over HTTP/2 this port speaks gRPC only; use HTTP/1.1 for anything else.';
    stream.respond({ ':status': 415, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ error: { code: 'invalid_argument', message } }));
  }

  #ended(): void {
    this.#callsUnderWay -= 1;
    if (this.#callsUnderWay > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const done of idle) done();
  }
}

/** Makes its abort signal only for handlers that ask for it. */
class ServerCall implements GrpcCall {
  readonly procedure: string;
  readonly headers: http2.IncomingHttpHeaders;
  readonly #stream: http2.ServerHttp2Stream;
  #signal: AbortSignal | undefined;

  constructor(procedure: string, stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) {
    this.procedure = procedure;
    this.#stream = stream;
    this.headers = headers;
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const controller = new AbortController();
      this.#signal = controller.signal;
      if (this.#stream.destroyed) controller.abort();
      else this.#stream.once('close', () => controller.abort());
    }
    return this.#signal;
  }
}

/** Exactly one message, then the end of the stream. */
function readOne(
  stream: http2.ServerHttp2Stream,
  take: (message: Buffer) => void,
  fail: (error: unknown) => void,
): void {
  const reader = new FrameReader();
  let message: Buffer | undefined;
  let failed = false;
  stream.on('data', (chunk: Buffer) => {
    if (failed) return;
    try {
      for (const next of reader.push(chunk)) {
        if (message !== undefined)
          throw new HoldfastError('invalid_argument', 'A unary call takes one message.');
        message = next;
      }
    } catch (error) {
      failed = true;
      fail(error);
    }
  });
  stream.on('end', () => {
    if (failed || stream.aborted) return;
    if (message !== undefined && reader.unfinishedBytes === 0) take(message);
    else fail(new HoldfastError('invalid_argument', 'The call ended in the middle of its message.'));
  });
}

function answerOne(
  procedure: Procedure & { method: DescMethodUnary },
  bytes: Buffer,
  call: GrpcCall,
  stream: http2.ServerHttp2Stream,
  done: () => void,
  fail: (error: unknown) => void,
): void {
  const reply = (result: unknown): void => {
    const output = procedure.method.output;
    respond(
      stream,
      frameOf(toBinary(output, create(output, must(result, 'the answer') as Record<string, unknown>))),
    );
    done();
  };
  try {
    const request = parse(procedure.method, bytes);
    const result = (procedure.handler as UnaryHandler)(request, call);
    if (result instanceof Promise) result.then(reply).catch(fail);
    else reply(result);
  } catch (error) {
    fail(error);
  }
}

function parse(method: DescMethodUnary, bytes: Buffer): unknown {
  try {
    return fromBinary(method.input, bytes);
  } catch (cause) {
    throw new HoldfastError('invalid_argument', `The message is no valid ${method.input.typeName}.`, {
      cause,
    });
  }
}

const okHeaders = { ':status': 200, 'content-type': contentType };
const okTrailers = { 'grpc-status': '0' };

function respond(stream: http2.ServerHttp2Stream, frame: Buffer): void {
  if (stream.destroyed || stream.headersSent) return;
  stream.respond(okHeaders, { waitForTrailers: true });
  stream.once('wantTrailers', () => stream.sendTrailers(okTrailers));
  stream.end(frame);
}

/** Ends a call with an error: in trailers when its answer has begun, else in a trailers-only answer. */
export function endWith(stream: http2.ServerHttp2Stream, error: HoldfastError): void {
  if (stream.destroyed) return;
  const status = {
    'grpc-status': String(error.grpcStatus),
    'grpc-message': encodeStatusMessage(error.message),
  };
  if (stream.headersSent) {
    stream.once('wantTrailers', () => stream.sendTrailers(status));
    stream.end();
    return;
  }
  stream.respond({ ':status': 200, 'content-type': contentType, ...status }, { endStream: true });
}
