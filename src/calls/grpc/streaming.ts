import type { CallSink, ClientCall } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Outcome } from '../core/events.ts';
import type { Instance } from '../discovery.ts';
import { Exchange } from '../driver/exchange.ts';
import type { GrpcConnections } from './connections.ts';
import { MessageQueue } from './queue.ts';

export interface StreamRequest {
  readonly path: string;
  /** The frames to send, in order. Read only once the call has an instance. */
  readonly frames: AsyncIterable<Buffer>;
  /** Names and values in turn. */
  headers(remainingMs: number): readonly string[];
}

/**
 * A streaming gRPC call. Its requests are read only once a connection stands: until then it may go to another
 * instance, afterwards not, for a stream cannot be played twice. Its outcome is known when it ends.
 */
export class StreamExchange extends Exchange {
  readonly answers = new MessageQueue((reading) => this.#attempt?.setReading(reading));
  readonly #connections: GrpcConnections;
  readonly #request: StreamRequest;
  #attempt: ClientCall | undefined;

  constructor(connections: GrpcConnections, request: StreamRequest) {
    super();
    this.#connections = connections;
    this.#request = request;
  }

  override send(instance: Instance, remainingMs: number, settled: (outcome: Outcome) => void): void {
    const sink: CallSink = {
      message: (bytes) => this.answers.push(bytes),
      ended: (error) => {
        settled(error === undefined ? { type: 'answered', verdict: 'ok' } : { type: 'failed', error });
      },
    };
    const { path, headers } = this.#request;
    const connection = this.#connections.to(instance);
    const attempt = connection.call(path, headers(remainingMs), sink);
    this.#attempt = attempt;
    connection.whenConnected(() => {
      if (attempt === this.#attempt) this.#pump(attempt).catch((error) => this.#unreadable(attempt, error));
    });
  }

  override abort(): void {
    this.#attempt?.cancel();
  }

  override deliver(): void {
    this.answers.end(undefined);
  }

  override fail(error: HoldfastError): void {
    this.answers.end(error);
  }

  /** The caller's own messages threw: its call ends with that. */
  #unreadable(attempt: ClientCall, error: unknown): void {
    attempt.cancel();
    const text = 'The messages to send could not be read.';
    this.answers.end(new HoldfastError('cancelled', text, { cause: error }));
  }

  async #pump(attempt: ClientCall): Promise<void> {
    let resume: (() => void) | undefined;
    attempt.onDrain(() => resume?.());
    for await (const frame of this.#request.frames) {
      if (this.answers.ended || attempt !== this.#attempt) return;
      if (attempt.write(frame)) continue;
      await new Promise<void>((resolve) => {
        resume = resolve;
      });
    }
    attempt.end();
  }
}
