import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { EchoReplySchema, EchoRequestSchema } from '../../../systems/echo/gen/service_a_pb.js';
import { check, loop } from '../loop.ts';
import { peer } from '../peers.ts';

const grpc = peer('@grpc/grpc-js');
const client = new grpc.Client(`127.0.0.1:${process.argv[2]}`, grpc.credentials.createInsecure());
const request = { $typeName: 'serviceA.EchoRequest' as const, msg: 'hello' };
const serialize = (message: typeof request) => Buffer.from(toBinary(EchoRequestSchema, message));
const deserialize = (bytes: Buffer) => fromBinary(EchoReplySchema, bytes);

function echo(): Promise<{ msg: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ msg: string }>();
  const options = { deadline: Date.now() + 1_000 };
  const done = (error: unknown, reply: { msg: string }): void => {
    if (error === null) resolve(reply);
    else reject(error);
  };
  client.makeUnaryRequest('/serviceA.ServiceA/Echo', serialize, deserialize, request, options, done);
  return promise;
}

await loop(async () => check(JSON.parse((await echo()).msg)));
