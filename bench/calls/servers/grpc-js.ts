import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { EchoReplySchema, EchoRequestSchema } from '../../../systems/echo/gen/service_a_pb.js';
import { peer } from '../peers.ts';

const grpc = peer('@grpc/grpc-js');
const server = new grpc.Server();
const definition = {
  path: '/serviceA.ServiceA/Echo',
  requestStream: false,
  responseStream: false,
  requestDeserialize: (bytes: Buffer) => fromBinary(EchoRequestSchema, bytes),
  responseSerialize: (msg: string) =>
    Buffer.from(toBinary(EchoReplySchema, { $typeName: 'serviceA.EchoReply', msg })),
};
server.addService(
  { echo: definition },
  {
    echo: (call: { request: { msg: string } }, reply: (error: null, msg: string) => void) =>
      reply(null, JSON.stringify({ echo: call.request.msg })),
  },
);
server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_: unknown, port: number) => {
  console.log(`ready ${port}`);
});
