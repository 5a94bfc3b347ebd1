import type { Connection, Host } from 'holdfast/host';
import {
  type AnnounceAnswer,
  formatPosition,
  type Position,
  type PutCall,
  type RegistryTransport,
  type RemoveCall,
  type WatchListener,
} from 'holdfast/registry';
import type { Simulation } from 'holdfast/simulator';

export const port = 8500;

/** A request to a registry, as a datagram: it may be lost, come twice, or late. */
export type ToRegistry =
  | { readonly kind: 'put'; readonly call: number; readonly request: PutCall }
  | { readonly kind: 'remove'; readonly call: number; readonly request: RemoveCall };

export interface FromRegistry {
  readonly call: number;
  readonly answer: AnnounceAnswer;
}

/** What the checks hear of a client's streams. */
export interface StreamTap {
  opened(registry: string): void;
  /** Called around the client's own handling of the bytes. */
  received(bytes: Uint8Array, handle: () => void): void;
}

/**
 * The registry client's way to a simulated registry. Announcements are datagrams, which is harsher than
 * HTTP: they overtake one another and come twice. Streams are connections: whole and in order until they
 * break.
 */
export class SimulatedTransport implements RegistryTransport {
  readonly #simulation: Simulation;
  readonly #host: Host;
  readonly #name: string;
  readonly #tap: StreamTap | undefined;
  readonly #waiting = new Map<number, (answer: AnnounceAnswer) => void>();
  #calls = 0;

  constructor(simulation: Simulation, host: Host, name: string, tap?: StreamTap) {
    this.#simulation = simulation;
    this.#host = host;
    this.#name = name;
    this.#tap = tap;
    simulation.onMessage(name, (message) => {
      const { call, answer } = message as FromRegistry;
      const done = this.#waiting.get(call);
      this.#waiting.delete(call);
      done?.(answer);
    });
  }

  watch(
    registry: string,
    service: string,
    from: Position | undefined,
    listener: WatchListener,
  ): () => void {
    let isOver = false;
    let isOpen = false;
    const end = (why: string): void => {
      if (isOver) return;
      isOver = true;
      connection.destroy();
      listener.ended(why);
    };
    const connection: Connection = this.#host.network.connect(
      { host: hostOf(registry), port },
      {
        opened: () => {
          const resume = from === undefined ? '' : formatPosition(from);
          connection.write(Buffer.from(`${service} ${resume}\n`));
        },
        received: (bytes) => {
          if (isOver) return;
          if (!isOpen) {
            isOpen = true;
            this.#tap?.opened(hostOf(registry));
            listener.opened();
          }
          if (this.#tap === undefined) listener.received(bytes);
          else this.#tap.received(bytes, () => listener.received(bytes));
        },
        ended: () => end('it closed the stream'),
        closed: (failure) => end(failure?.message ?? 'it closed the stream'),
      },
    );
    return () => {
      isOver = true;
      connection.destroy();
    };
  }

  put(registry: string, request: PutCall, done: (answer: AnnounceAnswer) => void): () => void {
    return this.#send(registry, { kind: 'put', call: ++this.#calls, request }, done);
  }

  remove(registry: string, request: RemoveCall, done: (answer: AnnounceAnswer) => void): () => void {
    return this.#send(registry, { kind: 'remove', call: ++this.#calls, request }, done);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #send(registry: string, message: ToRegistry, done: (answer: AnnounceAnswer) => void): () => void {
    this.#waiting.set(message.call, done);
    this.#simulation.send(this.#name, hostOf(registry), message);
    return () => this.#waiting.delete(message.call);
  }
}

export function addressOf(name: string): string {
  return `http://${name}`;
}

function hostOf(registry: string): string {
  return registry.slice('http://'.length);
}
