import { expect } from 'vitest';
import type { Address, Listener } from '../network.ts';
import type { NetworkStage } from './network.ts';
import { Transcript } from './transcript.ts';

/** Listens; `accepted` gathers the server's end of each connection. */
export async function listen(
  stage: NetworkStage,
  options: { readonly port?: number; readonly onAccept?: (end: Transcript) => void } = {},
): Promise<{ readonly listener: Listener; readonly accepted: Transcript[] }> {
  const accepted: Transcript[] = [];
  let listener: Listener | undefined;
  let returned = false;
  stage.server.listen(
    { host: stage.host, port: options.port ?? 0 },
    (connection) => {
      const end = new Transcript({ accepted: true });
      end.connection = connection;
      accepted.push(end);
      end.call(() => options.onAccept?.(end));
      return end;
    },
    (outcome) => {
      expect(returned, 'ready comes after listen has returned').toBe(true);
      expect(listener, 'ready comes once').toBeUndefined();
      if (!outcome.ok) throw new Error(`Cannot listen: ${outcome.failure.message}`);
      listener = outcome.listener;
    },
  );
  returned = true;
  await stage.until(() => listener !== undefined, 'it listens');
  return { listener: listener as unknown as Listener, accepted };
}

export function connect(stage: NetworkStage, address: Address): Transcript {
  const end = new Transcript({ accepted: false });
  end.connection = end.call(() => stage.client.connect(address, end));
  return end;
}

export interface Pair {
  readonly client: Transcript;
  readonly server: Transcript;
  readonly listener: Listener;
}

/** A connection that stands on both sides. */
export async function connected(stage: NetworkStage, onAccept?: (end: Transcript) => void): Promise<Pair> {
  const { listener, accepted } = await listen(stage, onAccept === undefined ? {} : { onAccept });
  const client = connect(stage, listener.address);
  await stage.until(() => client.has('opened') && accepted.length > 0, 'the connection stands');
  return { client, server: accepted[0] as Transcript, listener };
}

/** Ends both sides and waits until they are closed. */
export async function finish(stage: NetworkStage, { client, server, listener }: Pair): Promise<void> {
  client.do((connection) => connection.end());
  server.do((connection) => connection.end());
  await stage.until(() => client.closes && server.closes, 'both sides are closed');
  listener.close();
}

/** Bytes that tell their place in a stream. */
export function pattern(length: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = salt + 1;
  for (let index = 0; index < length; index++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    bytes[index] = state >>> 16;
  }
  return bytes;
}

/** Writes all of `bytes` in pieces, waiting for `drained` where it has to, then ends if asked. */
export function writeAll(
  end: Transcript,
  bytes: Uint8Array,
  options: { readonly pieceBytes: number; readonly end: boolean },
): void {
  let written = 0;
  const go = (): void => {
    while (written < bytes.byteLength) {
      const piece = bytes.subarray(written, written + options.pieceBytes);
      written += piece.byteLength;
      if (!end.do((connection) => connection.write(piece))) return;
    }
    end.on.drained = () => {};
    if (options.end) end.do((connection) => connection.end());
  };
  end.on.drained = go;
  go();
}

export function expectEqualBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.byteLength).toBe(expected.byteLength);
  expect(Buffer.compare(actual, expected)).toBe(0);
}
