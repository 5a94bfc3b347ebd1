import {
  create,
  type DescMessage,
  type DescMethod,
  type DescMethodStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel as Idempotency } from '@bufbuild/protobuf/wkt';
import type { StreamResponse, Transport, UnaryResponse } from '@connectrpc/connect';
import { formatTimeout, frameOf } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Caller, TransportOptions } from '../caller.ts';
import { currentContext, previousAttemptsHeader } from '../context.ts';
import { limits } from '../limits.ts';
import { grpcAttemptNames, mergeHeaders } from '../travelling.ts';
import type { GrpcConnections } from './connections.ts';
import { StreamExchange } from './streaming.ts';
import { UnaryExchange } from './unary.ts';

/**
 * Connect's Transport over a service's instances, speaking gRPC. A method whose description says
 * `idempotency_level` NO_SIDE_EFFECTS or IDEMPOTENT may be retried after it was sent; others only when they
 * provably never left. Errors are HoldfastErrors, their codes the sixteen of gRPC.
 */
export function grpcTransport(
  caller: Caller,
  connections: GrpcConnections,
  service: string,
  preferences: TransportOptions,
): Transport {
  return {
    unary: (method, signal, timeoutMs, header, input) =>
      unary({ caller, connections, service, preferences, signal, timeoutMs, header }, method, input),
    stream: (method, signal, timeoutMs, header, input) =>
      stream({ caller, connections, service, preferences, signal, timeoutMs, header }, method, input),
  };
}

interface GrpcOptions {
  readonly caller: Caller;
  readonly connections: GrpcConnections;
  readonly service: string;
  readonly preferences: TransportOptions;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  readonly header: ConstructorParameters<typeof Headers>[0];
}

function unary<I extends DescMessage, O extends DescMessage>(
  options: GrpcOptions,
  method: DescMethodUnary<I, O>,
  input: MessageInitShape<I>,
): Promise<UnaryResponse<I, O>> {
  const { caller, connections, service } = options;
  return new Promise((resolve, reject) => {
    const request = {
      path: pathOf(method),
      frame: frameOf(toBinary(method.input, create(method.input, input))),
      headers: travellingHeaders(options),
    };
    const exchange = new UnaryExchange(
      connections,
      request,
      ({ message, trailers }) => {
        try {
          resolve(new Unary(method, parse(method.output, message, service), trailers));
        } catch (error) {
          reject(error);
        }
      },
      reject,
    );
    const context = currentContext();
    caller.start(service, exchange, {
      ...caller.terms(service, options.preferences, context, isIdempotent(method)),
      timeoutMs: caller.timeoutMs(options.timeoutMs, context),
      signal: options.signal,
    });
  });
}

/** Makes its Headers only for callers that look at them. */
class Unary<I extends DescMessage, O extends DescMessage> implements UnaryResponse<I, O> {
  readonly stream = false;
  readonly method: DescMethodUnary<I, O>;
  readonly message: MessageShape<O>;
  readonly header = new Headers();
  readonly #trailers: Readonly<Record<string, unknown>>;

  constructor(
    method: DescMethodUnary<I, O>,
    message: MessageShape<O>,
    trailers: Readonly<Record<string, unknown>>,
  ) {
    this.method = method;
    this.message = message;
    this.#trailers = trailers;
  }

  get service(): DescMethodUnary<I, O>['parent'] {
    return this.method.parent;
  }

  get trailer(): Headers {
    return new Headers(
      Object.entries(this.#trailers).flatMap(([name, value]): [string, string][] =>
        typeof value === 'string' ? [[name, value]] : [],
      ),
    );
  }
}

async function stream<I extends DescMessage, O extends DescMessage>(
  options: GrpcOptions,
  method: DescMethodStreaming<I, O>,
  input: AsyncIterable<MessageInitShape<I>>,
): Promise<StreamResponse<I, O>> {
  const { caller, connections, service } = options;
  const exchange = new StreamExchange(connections, {
    path: pathOf(method),
    frames: framesOf(method.input, input),
    headers: travellingHeaders(options),
  });
  const abandoned = new AbortController();
  const { signal } = options;
  // A stream lasts as long as it is wanted, but no longer than any call may.
  const asked = options.timeoutMs ?? limits.callTimeoutMsMax;
  const context = currentContext();
  caller.start(service, exchange, {
    ...caller.terms(service, options.preferences, context, false),
    isStream: true,
    attemptTimeoutMs: undefined,
    timeoutMs: caller.timeoutMs(asked, context),
    signal: signal === undefined ? abandoned.signal : AbortSignal.any([signal, abandoned.signal]),
  });
  return {
    stream: true,
    service: method.parent,
    method,
    header: new Headers(),
    trailer: new Headers(),
    message: decoded(method.output, exchange.answers, service, () => abandoned.abort()),
  };
}

async function* framesOf<I extends DescMessage>(
  desc: I,
  messages: AsyncIterable<MessageInitShape<I>>,
): AsyncGenerator<Buffer> {
  for await (const message of messages) yield frameOf(toBinary(desc, create(desc, message)));
}

async function* decoded<O extends DescMessage>(
  desc: O,
  messages: AsyncIterable<Buffer>,
  service: string,
  abandon: () => void,
): AsyncGenerator<MessageShape<O>> {
  try {
    for await (const bytes of messages) yield parse(desc, bytes, service);
  } finally {
    abandon();
  }
}

function parse<O extends DescMessage>(desc: O, bytes: Buffer, service: string): MessageShape<O> {
  try {
    return fromBinary(desc, bytes) as MessageShape<O>;
  } catch (cause) {
    const text = `${service} answered with something that is no ${desc.typeName}.`;
    throw new HoldfastError('internal', text, { cause });
  }
}

function travellingHeaders(
  options: GrpcOptions,
): (remainingMs: number, attempt: number) => readonly string[] {
  const context = currentContext();
  const own = options.header === undefined ? [] : [...new Headers(options.header)].flat();
  return (remainingMs, attempt) => {
    const headers: Record<string, string> = {
      'grpc-timeout': formatTimeout(remainingMs),
      traceparent: options.caller.traceparent(context),
    };
    const previous = attempt + (context?.attempt ?? 1) - 2;
    if (previous > 0) headers[previousAttemptsHeader] = String(previous);
    const state = context?.trace.state;
    if (state !== undefined) headers.tracestate = state;
    return mergeHeaders(own, headers, grpcAttemptNames);
  };
}

function pathOf(method: DescMethod): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function isIdempotent(method: DescMethod): boolean {
  return (
    method.idempotency === Idempotency.NO_SIDE_EFFECTS || method.idempotency === Idempotency.IDEMPOTENT
  );
}
