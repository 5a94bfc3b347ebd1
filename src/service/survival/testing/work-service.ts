import { MethodOptions_IdempotencyLevel as Level } from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { type GrpcCall, type GrpcService, grpcService } from '../../../grpc/index.ts';
import { textService } from '../../../grpc/testing/index.ts';

/** `Get` may be repeated, `Post` must not; both take a text and give one. */
const desc = textService('holdfast.survival.Work', [
  { name: 'Get', idempotencyLevel: Level.NO_SIDE_EFFECTS },
  { name: 'Post', idempotencyLevel: Level.IDEMPOTENCY_UNKNOWN },
]);

interface Text {
  readonly value: string;
}

export type Method = 'GET' | 'POST';
/** How a request goes from service to service. forgetful: over HTTP, and nobody says what is a retry. */
export type Via = 'http' | 'grpc' | 'forgetful';
/** What the last service does with it. */
export type How = 'ok' | 'fail' | 'dawdle';

export function workService(
  handle: (method: Method, value: string, call: GrpcCall) => Promise<string>,
): GrpcService {
  const answer = (method: Method) => async (request: Text, call: GrpcCall) => {
    return { value: await handle(method, request.value, call) };
  };
  return grpcService(desc, { get: answer('GET'), post: answer('POST') } as never);
}

export function workClient(transport: Transport): (method: Method, value: string) => Promise<string> {
  type Client = Record<'get' | 'post', (text: Text) => Promise<Text>>;
  const client = createClient(desc, transport) as unknown as Client;
  return async (method, value) => (await client[method === 'GET' ? 'get' : 'post']({ value })).value;
}
