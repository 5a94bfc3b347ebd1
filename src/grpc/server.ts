import type * as http2 from 'node:http2';
import type { DescMethod, DescMethodUnary } from '@bufbuild/protobuf';
import { HoldfastError } from '../std/index.ts';
import { HeldBytes } from './held-bytes.ts';
import { limits } from './limits.ts';
import { type CallTerms, ServerCall } from './server-call.ts';
import type { GrpcCall, GrpcService } from './service.ts';
import { answerStream, type StreamHandler } from './streaming.ts';
import { answerOne, readOne, type UnaryHandler } from './unary.ts';

export interface GrpcServerOptions extends CallTerms {
  readonly services: readonly GrpcService[];
  /** Runs each call's handler, for example inside the context its headers give. */
  readonly around?: ((call: GrpcCall, handle: () => void) => void) | undefined;
  /** Asked before each call, but not for exempt services; an error turns it away. */
  readonly admit?: (() => HoldfastError | undefined) | undefined;
  /** Told once when a call that was admitted has ended. */
  readonly leave?: (() => void) | undefined;
}

interface Procedure {
  readonly name: string;
  readonly method: DescMethod;
  readonly handler: unknown;
  readonly isExempt: boolean;
}

/** The settings a server needs: bounds on streams, headers, memory and windows. */
export const serverOptions: http2.ServerOptions = {
  maxHeaderListPairs: limits.headerPairsMax,
  maxSessionMemory: limits.sessionMemoryMb,
  streamResetBurst: limits.streamResetBurst,
  streamResetRate: limits.streamResetsPerS,
  settings: {
    enablePush: false,
    maxConcurrentStreams: limits.streamsPerConnectionMax,
    maxHeaderListSize: limits.headerBytesMax,
    initialWindowSize: limits.streamWindowBytes,
  },
};

/** Answers gRPC calls on a node:http2 server made with `serverOptions`: see `attach`. */
export class GrpcServer {
  readonly #procedures = new Map<string, Procedure>();
  readonly #options: GrpcServerOptions;
  readonly #held = new HeldBytes();
  #callsUnderWay = 0;
  #idle: (() => void)[] = [];

  constructor(options: GrpcServerOptions) {
    this.#options = options;
    for (const { desc, handlers, isExempt } of options.services) {
      for (const method of desc.methods) {
        const name = `${desc.typeName}/${method.name}`;
        const handler = handlers[method.localName];
        this.#procedures.set(`/${name}`, { name, method, handler, isExempt: isExempt === true });
      }
    }
  }

  attach(server: http2.Http2Server): void {
    server.on('session', (session) => session.setLocalWindowSize(limits.connectionWindowBytes));
    server.on('stream', this.onStream);
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
    if (headers[':method'] !== 'POST' || !isGrpc(headers['content-type'])) {
      this.#refuseHttp(stream);
      return;
    }
    const procedure = this.#procedures.get(headers[':path'] ?? '');
    const call = new ServerCall(procedure?.name ?? 'unknown', stream, headers, this.#options, this.#held);
    if (procedure === undefined) {
      call.fail(new HoldfastError('unimplemented', `There is no procedure ${headers[':path']}.`));
      return;
    }
    const refusal = procedure.isExempt ? undefined : this.#options.admit?.();
    if (refusal !== undefined) {
      call.fail(refusal);
      return;
    }
    this.#callsUnderWay += 1;
    stream.once('close', () => this.#closed(call, procedure));
    this.#start(procedure, call);
  };

  #start(procedure: Procedure, call: ServerCall): void {
    const { method, handler } = procedure;
    call.start(method.methodKind === 'unary' || method.methodKind === 'server_streaming');
    if (method.methodKind === 'unary') {
      readOne(call, (message) => {
        this.#around(call, () =>
          answerOne(method as DescMethodUnary, handler as UnaryHandler, message, call),
        );
      });
      return;
    }
    this.#around(call, () => {
      answerStream(method, handler as StreamHandler, call).catch((error) => call.fail(error));
    });
  }

  #around(call: ServerCall, handle: () => void): void {
    const { around } = this.#options;
    if (around === undefined) handle();
    else around(call, handle);
  }

  #refuseHttp(stream: http2.ServerHttp2Stream): void {
    const message = 'Over HTTP/2 this port speaks gRPC only; use HTTP/1.1 for anything else.';
    stream.respond({ ':status': 415, 'content-type': 'application/json' });
    stream.end(JSON.stringify({ error: { code: 'invalid_argument', message } }));
  }

  #closed(call: ServerCall, procedure: Procedure): void {
    call.closed();
    if (!procedure.isExempt) this.#options.leave?.();
    this.#callsUnderWay -= 1;
    if (this.#callsUnderWay > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const done of idle) done();
  }
}

/** gRPC-Web and gRPC with JSON are other protocols, whatever their names begin with. */
function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(\+proto)?(;|$)/.test(contentType);
}
