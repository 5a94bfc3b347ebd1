import type { IncomingHttpHeaders } from 'node:http2';
import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf';
import { assert } from '../std/index.ts';

/** What a handler may know of the call besides its message. */
export interface GrpcCall {
  /** `package.Service/Method`. */
  readonly procedure: string;
  readonly headers: IncomingHttpHeaders;
  /** By its `grpc-timeout`, monotonic on the server's clock. */
  readonly deadlineMs: number | undefined;
  /** Aborted when the caller cancelled, its connection broke or its deadline passed. */
  readonly signal: AbortSignal;
}

type Init<O extends DescMessage> = MessageInitShape<O>;

export type GrpcHandler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: GrpcCall) => Init<O> | Promise<Init<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: GrpcCall) => AsyncIterable<Init<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: GrpcCall) => Promise<Init<O>>
        : M extends DescMethodBiDiStreaming<infer I, infer O>
          ? (requests: AsyncIterable<MessageShape<I>>, call: GrpcCall) => AsyncIterable<Init<O>>
          : never;

export type GrpcHandlers<S extends DescService> = {
  readonly [Name in keyof S['method']]: GrpcHandler<S['method'][Name]>;
};

/** A gRPC service and what answers each of its methods. */
export interface GrpcService {
  readonly desc: DescService;
  readonly handlers: Readonly<Record<string, unknown>>;
  /** Answered however busy the server is: those that ask how it is. */
  readonly isExempt?: boolean | undefined;
}

/** Pairs a generated service description with its handlers; every method must have one. */
export function grpcService<S extends DescService>(desc: S, handlers: GrpcHandlers<S>): GrpcService {
  const given = handlers as Readonly<Record<string, unknown>>;
  for (const method of desc.methods) {
    assert(typeof given[method.localName] === 'function', `${desc.typeName}/${method.name} has a handler`);
  }
  return { desc, handlers: given };
}
