import {
  type Accept,
  type Address,
  type Connection,
  type ConnectionHandlers,
  hostLimits,
  type Listener,
  type ListenOutcome,
  type Network,
} from '../../host/index.ts';
import type { Life } from '../timeline.ts';
import type { Recorder } from '../trace.ts';
import type { Endpoint } from './endpoint.ts';
import type { Stack } from './stack.ts';
import type { Post } from './wire.ts';

/** The Network port of one process on a simulated machine. */
export class SimulatedNetwork implements Network {
  readonly #stack: Stack;
  readonly #process: Life;
  readonly #post: Post;
  readonly #host: string;
  readonly #recorder: Recorder;

  constructor(options: {
    readonly stack: Stack;
    readonly process: Life;
    readonly post: Post;
    readonly host: string;
    readonly recorder: Recorder;
  }) {
    this.#stack = options.stack;
    this.#process = options.process;
    this.#post = options.post;
    this.#host = options.host;
    this.#recorder = options.recorder;
  }

  listen(address: Address, accept: Accept, ready: (outcome: ListenOutcome) => void): void {
    this.#post(() => {
      let open = true;
      const welcome = (endpoint: Endpoint, remote: Address): void =>
        this.#post(() => {
          if (open) this.#welcome(endpoint, remote, accept);
          else endpoint.orphan(true);
        });
      const outcome = this.#stack.listen(address, welcome, this.#post);
      if (!outcome.ok) {
        ready(outcome);
        return;
      }
      const listener: Listener = {
        address: outcome.listener.address,
        close: (done) => {
          open = false;
          outcome.listener.close(done);
        },
      };
      ready({ ok: true, listener });
    });
  }

  connect(address: Address, handlers: ConnectionHandlers): Connection {
    const noted = this.#note(handlers, `${address.host}:${address.port}`);
    const alive = this.#process.alive;
    const endpoint = alive ? this.#stack.connect(address, noted, this.#post) : undefined;
    if (endpoint !== undefined) return new SimulatedConnection(endpoint, address);
    const nowhere = new NoConnection(address);
    this.#post(() => {
      if (nowhere.destroyed) noted.closed();
      else noted.closed({ kind: 'unreachable', message: `There is no host ${address.host}.` });
    });
    return nowhere;
  }

  #welcome(endpoint: Endpoint, remote: Address, accept: Accept): void {
    // It broke before the program ever saw it.
    if (endpoint.closed) return;
    this.#recorder.record(this.#host, 'accepted', remote.host);
    const connection = new SimulatedConnection(endpoint, remote);
    endpoint.attach(this.#note(accept(connection), remote.host), this.#post);
  }

  /** The same handlers, what happens to the connection written down. */
  #note(handlers: ConnectionHandlers, peer: string): ConnectionHandlers {
    return {
      opened: () => {
        this.#recorder.record(this.#host, 'opened', peer);
        handlers.opened?.();
      },
      received: (bytes) => handlers.received(bytes),
      drained: () => handlers.drained?.(),
      ended: () => handlers.ended?.(),
      closed: (failure) => {
        this.#recorder.record(
          this.#host,
          'closed',
          failure === undefined ? peer : `${peer} ${failure.kind}`,
        );
        handlers.closed(failure);
      },
    };
  }
}

class SimulatedConnection implements Connection {
  readonly remote: Address;
  readonly #endpoint: Endpoint;

  constructor(endpoint: Endpoint, remote: Address) {
    this.#endpoint = endpoint;
    this.remote = { host: remote.host, port: remote.port };
  }

  write(bytes: Uint8Array): boolean {
    return this.#endpoint.write(bytes, hostLimits.connectionQueueBytesMax);
  }

  setReading(reading: boolean): void {
    this.#endpoint.setReading(reading);
  }

  end(): void {
    this.#endpoint.end();
  }

  destroy(): void {
    this.#endpoint.destroy();
  }
}

/** A connection to a host that does not exist, until its program has been told so. */
class NoConnection implements Connection {
  readonly remote: Address;
  #destroyed = false;

  constructor(remote: Address) {
    this.remote = remote;
  }

  get destroyed(): boolean {
    return this.#destroyed;
  }

  write(): boolean {
    return false;
  }

  setReading(): void {}

  end(): void {}

  destroy(): void {
    this.#destroyed = true;
  }
}
