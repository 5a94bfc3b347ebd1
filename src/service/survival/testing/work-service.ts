import { create, createFileRegistry } from '@bufbuild/protobuf';
import {
  FileDescriptorSetSchema,
  file_google_protobuf_wrappers,
  MethodOptions_IdempotencyLevel as Level,
} from '@bufbuild/protobuf/wkt';
import { createClient, type Transport } from '@connectrpc/connect';
import { type GrpcCall, type GrpcService, grpcService } from '../../../grpc/index.ts';
import { must } from '../../../std/index.ts';

const text = '.google.protobuf.StringValue';
const methods = [
  { name: 'Get', idempotencyLevel: Level.NO_SIDE_EFFECTS },
  { name: 'Post', idempotencyLevel: Level.IDEMPOTENCY_UNKNOWN },
];
const file = {
  name: 'work.proto',
  package: 'holdfast.survival',
  syntax: 'proto3',
  dependency: ['google/protobuf/wrappers.proto'],
  service: [
    {
      name: 'Work',
      method: methods.map(({ name, idempotencyLevel }) => {
        return { name, inputType: text, outputType: text, options: { idempotencyLevel } };
      }),
    },
  ],
};
const set = create(FileDescriptorSetSchema, { file: [file_google_protobuf_wrappers.proto, file] });
/** `Get` may be repeated, `Post` must not; both take a text and give one. */
const desc = must(createFileRegistry(set).getService('holdfast.survival.Work'), 'the service Work');

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
