import { once } from 'node:events';
import http from 'node:http';
import http2 from 'node:http2';
import net, { type AddressInfo } from 'node:net';
import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';

/** What a stand-in did: tests look at it. */
export interface StandIn {
  readonly address: string;
  readonly values: Map<string, string>;
  /** The bodies of kvs requests, as they came. */
  readonly bodies: string[];
  close(): void;
}

/** Answers instead of a value: a status of HTTP or gRPC. */
type Refusal = (key: string) => number | undefined;

const accept: Refusal = () => undefined;

/** As if there were three replicas. */
const copiesMax = 3;

/** kvs in memory: as much of its contract as the load program meets. */
export function standInKvs(refusal = accept): Promise<StandIn> {
  let clock = 0;
  return overHttp((values, request, body) => {
    const key = (request.url ?? '').slice('/kvs/'.length);
    const status = refusal(key);
    if (status !== undefined) return [status, { error: 'refused' }];
    const metadata = { 'causal-metadata': { clock: ++clock, note: 'a "}" in it' } };
    if (request.method === 'GET') {
      const value = values.get(key);
      if (value === undefined) return [404, { error: 'Key does not exist', ...metadata }];
      return [200, { result: 'found', value, ...metadata }];
    }
    const result = values.has(key) ? 'replaced' : 'created';
    const { value, copies = 1 } = JSON.parse(body) as { readonly value: string; readonly copies?: number };
    values.set(key, value);
    if (copies > copiesMax) return [202, { result, replication: 'unconfirmed', ...metadata }];
    return [result === 'created' ? 201 : 200, { result, ...metadata }];
  });
}

/** etcd's JSON gateway in memory. */
export function standInEtcdJson(): Promise<StandIn> {
  const plain = (text: string): string => Buffer.from(text, 'base64').toString();
  const header = { cluster_id: '1', revision: '7' };
  return overHttp((values, request, body) => {
    const { key, value } = JSON.parse(body) as { readonly key: string; readonly value: string };
    if (request.url === '/v3/kv/put') {
      values.set(plain(key), plain(value));
      return [200, { header }];
    }
    const found = values.get(plain(key));
    if (found === undefined) return [200, { header }];
    return [200, { header, kvs: [{ key, version: '1', value: Buffer.from(found).toString('base64') }] }];
  });
}

/** The load program ends when its time is over, in the middle of a request too. */
const wentAway = (): undefined => undefined;

type Answer = readonly [status: number, body: object];

async function overHttp(
  answer: (values: Map<string, string>, request: http.IncomingMessage, body: string) => Answer,
): Promise<StandIn> {
  const values = new Map<string, string>();
  const bodies: string[] = [];
  const server = http.createServer(async (request, response) => {
    const parts = await request.toArray().catch(wentAway);
    if (parts === undefined) return;
    const body = Buffer.concat(parts).toString();
    bodies.push(body);
    const [status, object] = answer(values, request, body);
    response.statusCode = status;
    response.end(JSON.stringify(object));
  });
  return listening(server, values, bodies);
}

/** etcd's KV service over gRPC in memory. */
export async function standInEtcdGrpc(refusal = accept): Promise<StandIn> {
  const values = new Map<string, string>();
  const server = http2.createServer();
  server.on('stream', async (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', wentAway);
    const body = await stream.toArray().catch(wentAway);
    if (body === undefined) return;
    const [key, value] = fields(Buffer.concat(body).subarray(5));
    const status = refusal(key) ?? 0;
    const type = { ':status': 200, 'content-type': 'application/grpc' };
    if (status !== 0) {
      stream.respond({ ...type, 'grpc-status': String(status) }, { endStream: true });
      return;
    }
    stream.respond(type, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': '' }));
    if (headers[':path'] === '/etcdserverpb.KV/Put') values.set(key, value);
    stream.end(framed(headers[':path'] === '/etcdserverpb.KV/Put' ? undefined : values.get(key), key));
  });
  return listening(server, values, []);
}

function fields(message: Uint8Array): readonly [key: string, value: string] {
  const reader = new BinaryReader(message);
  const found = ['', ''];
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    if (number > 2) reader.skip(type);
    else found[number - 1] = reader.string();
  }
  return found as [string, string];
}

function framed(value: string | undefined, key: string): Buffer {
  const header = new BinaryWriter().tag(3, 0).int64(7).finish();
  const message = new BinaryWriter().tag(1, 2).bytes(header);
  if (value !== undefined) {
    const pair = new BinaryWriter().tag(1, 2).string(key).tag(4, 0).int64(1).tag(5, 2).string(value);
    message.tag(2, 2).bytes(pair.finish()).tag(4, 0).int64(1);
  }
  const bytes = message.finish();
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Redis in memory, which sends its answers byte by byte when asked to. */
export function standInRedis({ inPieces = false, refuses = false } = {}): Promise<StandIn> {
  const values = new Map<string, string>();
  const server = net.createServer((socket) => {
    let text = '';
    socket.setNoDelay(true);
    socket.on('data', async (data) => {
      text += data.toString();
      const words = text.split('\r\n');
      // `*3 $3 SET $k key $v value` and what is behind the last line's end.
      if (words.length < Number(words[0]?.slice(1)) * 2 + 2) return;
      text = '';
      const answer = refuses ? '-ERR no\r\n' : answered(values, words[2], words[4] ?? '', words[6] ?? '');
      if (!inPieces) socket.write(answer);
      else
        for (const character of answer)
          await new Promise<void>((sent) => socket.write(character, () => sent()));
    });
  });
  return listening(server, values, []);
}

function answered(values: Map<string, string>, verb = '', key: string, value: string): string {
  if (verb === 'SET') {
    values.set(key, value);
    return '+OK\r\n';
  }
  const found = values.get(key);
  return found === undefined ? '$-1\r\n' : `$${found.length}\r\n${found}\r\n`;
}

async function listening(
  server: net.Server,
  values: Map<string, string>,
  bodies: string[],
): Promise<StandIn> {
  const sockets = new Set<net.Socket>();
  server.on('connection', (socket: net.Socket) => {
    // A client that ends with requests under way resets the connection.
    socket.on('error', wentAway);
    sockets.add(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    values,
    bodies,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
