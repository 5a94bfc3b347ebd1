import { once } from 'node:events';
import type { ServerHttp2Stream } from 'node:http2';
import { create, type DescMessage, type DescMethod, fromBinary, toBinary } from '@bufbuild/protobuf';
import { HoldfastError } from '../std/index.ts';
import type { GrpcCall } from './service.ts';
import { contentType, FrameReader, frameOf } from './wire.ts';

export type StreamHandler = (input: unknown, call: GrpcCall) => AsyncIterable<object> | Promise<object>;

/** Answers a call with a stream of requests, of answers, or both. Rejects with what its handler threw. */
export async function answerStream(
  method: DescMethod,
  handler: StreamHandler,
  call: GrpcCall,
  stream: ServerHttp2Stream,
): Promise<void> {
  const requests = messagesOf(stream, method.input);
  const input = method.methodKind === 'server_streaming' ? await onlyOne(requests) : requests;
  const result = handler(input, call);
  const answers = Symbol.asyncIterator in result ? result : one(result);
  for await (const answer of answers) {
    if (stream.destroyed) return;
    begin(stream);
    const frame = frameOf(
      toBinary(method.output, create(method.output, answer as Record<string, unknown>)),
    );
    if (!stream.write(frame)) await Promise.race([once(stream, 'drain'), once(stream, 'close')]);
  }
  if (stream.destroyed) return;
  begin(stream);
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end();
}

/** The messages of a byte stream, as they come. */
export async function* messagesOf<I extends DescMessage>(
  stream: AsyncIterable<Buffer>,
  desc: I,
): AsyncGenerator<object> {
  const reader = new FrameReader();
  for await (const chunk of stream) {
    for (const bytes of reader.push(chunk)) yield parse(desc, bytes);
  }
  if (reader.unfinishedBytes > 0) {
    throw new HoldfastError('invalid_argument', 'The stream ended in the middle of a message.');
  }
}

function parse(desc: DescMessage, bytes: Uint8Array): object {
  try {
    return fromBinary(desc, bytes);
  } catch (cause) {
    throw new HoldfastError('invalid_argument', `A message is no valid ${desc.typeName}.`, { cause });
  }
}

async function onlyOne(requests: AsyncIterable<object>): Promise<object> {
  let found: object | undefined;
  for await (const request of requests) {
    if (found !== undefined) throw new HoldfastError('invalid_argument', 'This call takes one message.');
    found = request;
  }
  if (found === undefined) throw new HoldfastError('invalid_argument', 'This call takes one message.');
  return found;
}

async function* one(result: Promise<object>): AsyncGenerator<object> {
  yield await result;
}

function begin(stream: ServerHttp2Stream): void {
  if (!stream.headersSent) {
    stream.respond({ ':status': 200, 'content-type': contentType }, { waitForTrailers: true });
  }
}
