import { once } from 'node:events';
import * as http2 from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** Something on a port that is not quite service A. */
export interface FakeA {
  readonly address: string;
  close(): void;
}

async function listening(server: Server): Promise<FakeA> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Answers every first request bytes with these bytes and the end of the connection. */
export function answering(bytes: string): Promise<FakeA> {
  return listening(createServer((socket) => socket.once('data', () => socket.end(bytes))));
}

/** Answers every HTTP/2 request as told. */
export function answeringHttp2(answer: (stream: http2.ServerHttp2Stream) => void): Promise<FakeA> {
  const server = http2.createServer();
  server.on('stream', (stream: http2.ServerHttp2Stream) => {
    stream.on('error', () => {});
    answer(stream);
  });
  return listening(server as unknown as Server);
}
