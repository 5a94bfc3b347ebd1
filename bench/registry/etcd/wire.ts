import { BinaryReader, BinaryWriter } from '@bufbuild/protobuf/wire';
import { Client, credentials, type MethodDefinition } from '@grpc/grpc-js';

/** The few messages of etcd's API version 3 (rpc.proto, kv.proto) that a registry needs, by field number. */
type Bytes = Uint8Array;

export interface WatchEvent {
  readonly isDelete: boolean;
  readonly key: string;
  readonly value: Bytes;
}

export const grantRequest = (ttlS: number): Bytes => new BinaryWriter().tag(1, 0).int64(ttlS).finish();

export const leaseRequest = (lease: bigint): Bytes => new BinaryWriter().tag(1, 0).int64(lease).finish();

export const putRequest = (key: string, value: string, lease: bigint): Bytes =>
  new BinaryWriter().tag(1, 2).string(key).tag(2, 2).string(value).tag(3, 0).int64(lease).finish();

export const prefixRequest = (prefix: string): Bytes =>
  new BinaryWriter().tag(1, 2).string(prefix).tag(2, 2).string(endOfPrefix(prefix)).finish();

export const watchRequest = (prefix: string, fromRevision: bigint): Bytes => {
  const create = new BinaryWriter().tag(1, 2).string(prefix).tag(2, 2).string(endOfPrefix(prefix));
  return new BinaryWriter().tag(1, 2).bytes(create.tag(3, 0).int64(fromRevision).finish()).finish();
};

const endOfPrefix = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);

/** The ID of LeaseGrantResponse. */
export function grantedLease(reply: Bytes): bigint {
  let lease = 0n;
  each(reply, { 2: (reader) => (lease = BigInt(reader.int64())) });
  return lease;
}

export function rangeReply(reply: Bytes): { readonly revision: bigint; readonly events: WatchEvent[] } {
  const events: WatchEvent[] = [];
  let revision = 0n;
  each(reply, {
    1: (reader) => each(reader.bytes(), { 3: (header) => (revision = BigInt(header.int64())) }),
    2: (reader) => events.push({ isDelete: false, ...keyValue(reader.bytes()) }),
  });
  return { revision, events };
}

export function watchReply(reply: Bytes): WatchEvent[] {
  const events: WatchEvent[] = [];
  each(reply, {
    11: (reader) => {
      let isDelete = false;
      let kv = { key: '', value: new Uint8Array() as Bytes };
      each(reader.bytes(), {
        1: (event) => (isDelete = event.int32() === 1),
        2: (event) => (kv = keyValue(event.bytes())),
      });
      events.push({ isDelete, ...kv });
    },
  });
  return events;
}

function keyValue(bytes: Bytes): { key: string; value: Bytes } {
  const found = { key: '', value: new Uint8Array() as Bytes };
  each(bytes, {
    1: (reader) => (found.key = reader.string()),
    5: (reader) => (found.value = reader.bytes()),
  });
  return found;
}

function each(bytes: Bytes, fields: Readonly<Record<number, (reader: BinaryReader) => unknown>>): void {
  const reader = new BinaryReader(bytes);
  while (reader.pos < reader.len) {
    const [number, type] = reader.tag();
    const read = fields[number];
    if (read === undefined) reader.skip(type);
    else read(reader);
  }
}

type Method = MethodDefinition<Bytes, Bytes>;

const asIs = (bytes: Bytes): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function method(path: string, isStream: boolean): Method {
  return {
    path: `/etcdserverpb.${path}`,
    requestStream: isStream,
    responseStream: isStream,
    requestSerialize: asIs,
    requestDeserialize: (bytes) => bytes,
    responseSerialize: asIs,
    responseDeserialize: (bytes) => bytes,
  };
}

const methods = {
  grant: method('Lease/LeaseGrant', false),
  revoke: method('Lease/LeaseRevoke', false),
  keepAlive: method('Lease/LeaseKeepAlive', true),
  put: method('KV/Put', false),
  range: method('KV/Range', false),
  watch: method('Watch/Watch', true),
};

/** A figure of a peer that could not keep up would be of no use: the bench ends. */
function gaveUp(message: string): never {
  console.error(`etcd did not keep up; measure again when the machine is less busy: ${message}`);
  process.exit(1);
}

/** A client with a connection of its own, as the process of a service has one. */
export class EtcdClient {
  readonly #client: Client;

  constructor(address: string) {
    const options = { 'grpc.use_local_subchannel_pool': 1, 'grpc.max_receive_message_length': 64 << 20 };
    this.#client = new Client(address, credentials.createInsecure(), options);
  }

  ask(name: 'grant' | 'revoke' | 'put' | 'range', request: Bytes): Promise<Bytes> {
    const { path, requestSerialize, responseDeserialize } = methods[name];
    return new Promise((resolve) => {
      this.#client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        (error, reply) => {
          if (error !== null || reply === undefined) gaveUp(error?.message ?? 'no answer');
          resolve(reply);
        },
      );
    });
  }

  /** A stream both ways: what it returns sends one message. */
  stream(name: 'keepAlive' | 'watch', received: (message: Bytes) => void): (message: Bytes) => void {
    const { path, requestSerialize, responseDeserialize } = methods[name];
    const call = this.#client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
    call.on('data', received);
    call.on('error', ({ message }) => gaveUp(message));
    return (message) => call.write(message);
  }
}
