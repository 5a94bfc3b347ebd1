import type { Instance } from '../../calls/index.ts';
import type { AnnounceAnswer } from '../core/announcer-events.ts';
import type { Position } from '../watch-frame.ts';

/**
 * How a client's requests get to a registry. Each call returns a function that gives it up: its listener
 * then hears no more. Nothing is called back before the call has returned.
 */
export interface RegistryTransport {
  watch(registry: string, service: string, from: Position | undefined, listener: WatchListener): () => void;
  put(registry: string, request: PutCall, done: (answer: AnnounceAnswer) => void): () => void;
  remove(registry: string, request: RemoveCall, done: (answer: AnnounceAnswer) => void): () => void;
  close(): Promise<void>;
}

export interface WatchListener {
  /** The registry answered; a stream follows. */
  opened(): void;
  /** Bytes of the stream: server-sent events. */
  received(chunk: Uint8Array): void;
  /** There is no stream (any more). The last call. */
  ended(why: string): void;
}

export interface PutCall {
  readonly service: string;
  readonly instance: Instance;
  /** The registry's default when undefined. */
  readonly leaseMs: number | undefined;
  readonly sequence: number;
}

export interface RemoveCall {
  readonly service: string;
  readonly id: string;
  readonly incarnation: string;
}
