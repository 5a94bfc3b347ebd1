import type { ServerHttp2Stream } from 'node:http2';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { create, type DescMessage, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HoldfastError } from '../std/index.ts';
import type { ServerCall } from './server-call.ts';
import type { GrpcCall } from './service.ts';
import { FrameReader, frameOf } from './wire.ts';

export type StreamHandler = (input: unknown, call: GrpcCall) => AsyncIterable<object> | Promise<object>;

/** Answers a call with a stream of requests, of answers, or both. Rejects with what its handler threw. */
export async function answerStream(
  method: DescMethod,
  handler: StreamHandler,
  call: ServerCall,
): Promise<void> {
  const requests = messagesOf(call, method.input);
  const input = method.methodKind === 'server_streaming' ? await onlyOne(requests, call) : requests;
  if (call.ended) return;
  const result = handler(input, call);
  const answers = Symbol.asyncIterator in result ? result : one(result);
  const { stream } = call;
  for await (const answer of answers) {
    if (call.ended || stream.destroyed) return;
    call.begin();
    const frame = frameOf(
      toBinary(method.output, create(method.output, answer as Record<string, unknown>)),
    );
    if (!stream.write(frame)) await whenWritable(stream);
  }
  call.finish();
}

/** The messages of a call as they come. Throws `cancelled` when they break off: what came is not all. */
async function* messagesOf<I extends DescMessage>(call: ServerCall, desc: I): AsyncGenerator<object> {
  const { stream } = call;
  const reader = new FrameReader();
  try {
    // A handler that has read enough may still answer.
    for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
      const messages = reader.push(chunk as Buffer);
      call.holds(reader.unfinishedBytes);
      for (const bytes of messages) yield parse(desc, bytes);
    }
  } catch (error) {
    throw error instanceof HoldfastError ? error : brokenOff(error);
  }
  // Node's clients end a request before they reset it, at once: the reset is about to be seen.
  await nextTurn();
  if (call.ended || stream.aborted || stream.rstCode !== 0) throw brokenOff(undefined);
  if (reader.unfinishedBytes > 0) {
    throw new HoldfastError('invalid_argument', 'The stream ended in the middle of a message.');
  }
}

function brokenOff(cause: unknown): HoldfastError {
  return new HoldfastError('cancelled', 'The caller broke off its stream before its end.', { cause });
}

function parse(desc: DescMessage, bytes: Uint8Array): object {
  try {
    return fromBinary(desc, bytes);
  } catch (cause) {
    throw new HoldfastError('invalid_argument', `A message is no valid ${desc.typeName}.`, { cause });
  }
}

async function onlyOne(requests: AsyncIterable<object>, call: ServerCall): Promise<object> {
  let found: object | undefined;
  for await (const request of requests) {
    if (found !== undefined) throw new HoldfastError('invalid_argument', 'This call takes one message.');
    found = request;
  }
  if (found === undefined) throw new HoldfastError('invalid_argument', 'This call takes one message.');
  call.received();
  return found;
}

async function* one(result: Promise<object>): AsyncGenerator<object> {
  yield await result;
}

/** Resolves when the stream takes more, or is gone. */
function whenWritable(stream: ServerHttp2Stream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}
