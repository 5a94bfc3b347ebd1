import { create, type DescMethodUnary, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HoldfastError, must } from '../std/index.ts';
import type { ServerCall } from './server-call.ts';
import type { GrpcCall } from './service.ts';
import { FrameReader, frameOf } from './wire.ts';

export type UnaryHandler = (request: unknown, call: GrpcCall) => unknown;

/** Exactly one message, then the end of the stream. */
export function readOne(call: ServerCall, take: (message: Buffer) => void): void {
  const { stream } = call;
  const reader = new FrameReader();
  let message: Buffer | undefined;
  stream.on('data', (chunk: Buffer) => {
    if (call.ended) return;
    try {
      for (const next of reader.push(chunk)) {
        if (message !== undefined)
          throw new HoldfastError('invalid_argument', 'A unary call takes one message.');
        message = next;
      }
      call.holds(reader.unfinishedBytes + (message?.length ?? 0));
    } catch (error) {
      call.fail(error);
    }
  });
  stream.on('end', () => {
    if (call.ended || stream.aborted) return;
    call.received();
    call.holds(0);
    if (message !== undefined && reader.unfinishedBytes === 0) take(message);
    else call.fail(new HoldfastError('invalid_argument', 'The call ended in the middle of its message.'));
  });
}

export function answerOne(
  method: DescMethodUnary,
  handler: UnaryHandler,
  bytes: Buffer,
  call: ServerCall,
): void {
  // It may have waited before its turn came.
  if (call.ended) return;
  const reply = (result: unknown): void => {
    const { output } = method;
    const message = create(output, must(result, 'the answer') as Record<string, unknown>);
    call.finish(frameOf(toBinary(output, message)));
  };
  const fail = (error: unknown): void => call.fail(error);
  try {
    const result = handler(parse(method, bytes), call);
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
