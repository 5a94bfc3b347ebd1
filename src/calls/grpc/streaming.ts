import type { CallSink, ClientCall } from '../../grpc/index.ts';
import { HoldfastError } from '../../std/index.ts';
import type { Sending } from '../core/attempt.ts';
import type { Outcome } from '../core/events.ts';
import { Exchange, type Target } from '../driver/exchange.ts';
import type { GrpcConnections } from './connections.ts';
import { MessageQueue } from './queue.ts';
import { verdictOf } from './verdict.ts';

export interface StreamRequest {
  readonly path: string;
  /** The frames to send, in order. Read only once the call has an instance. */
  readonly frames: AsyncIterable<Buffer>;
  /** Names and values in turn. */
  headers(remainingMs: number, attempt: number): readonly string[];
}

/**
 * A streaming gRPC call. Its requests are read only once a connection stands: until then it may go to another
 * instance, afterwards not, for a stream cannot be played twice. Its outcome is known when it ends, but what
 * it says of its instance's speed is the time to its first message: how long it lasts is its users' affair.
 */
export class StreamExchange extends Exchange {
  readonly answers = new MessageQueue((reading) => this.#attempt?.setReading(reading));
  readonly #connections: GrpcConnections;
  readonly #request: StreamRequest;
  #attempt: ClientCall | undefined;
  #error: HoldfastError | undefined;
  /** Lets the pump go on: its stream takes more, or none any more. */
  #resume: (() => void) | undefined;

  constructor(connections: GrpcConnections, request: StreamRequest) {
    super();
    this.#connections = connections;
    this.#request = request;
  }

  override send(target: Target): Sending {
    let hasAnswered = false;
    const sink: CallSink = {
      message: (bytes) => {
        if (!hasAnswered) {
          hasAnswered = true;
          target.committed();
        }
        this.answers.push(bytes);
      },
      ended: (error) => target.settled(this.#outcome(error, hasAnswered)),
    };
    const { path, headers } = this.#request;
    const connection = this.#connections.to(target.instance);
    const attempt = connection.call(path, headers(target.remainingMs, target.attempt), sink);
    this.#attempt = attempt;
    connection.whenConnected(() => {
      if (attempt !== this.#attempt) return;
      this.#pump(attempt).catch((error) => this.#unreadable(attempt, target, error));
    });
    return { abort: () => attempt.cancel() };
  }

  override deliver(): void {
    this.#end(this.#error);
  }

  override fail(error: HoldfastError): void {
    this.#end(error);
  }

  /** With a first message the instance has answered, however the stream ended. */
  #outcome(error: HoldfastError | undefined, hasAnswered: boolean): Outcome {
    if (error === undefined) return { type: 'answered', verdict: 'ok' };
    if (!error.answered && !hasAnswered) return { type: 'failed', error };
    this.#error = error;
    return { type: 'answered', verdict: error.answered ? verdictOf(error) : 'failed' };
  }

  #end(error: HoldfastError | undefined): void {
    this.answers.end(error);
    this.#resume?.();
  }

  /** The caller's own messages threw: its call ends with that, and nobody is to blame. */
  #unreadable(attempt: ClientCall, target: Target, cause: unknown): void {
    attempt.cancel();
    const text = 'The messages to send could not be read.';
    target.settled({ type: 'failed', error: new HoldfastError('cancelled', text, { cause }) });
  }

  async #pump(attempt: ClientCall): Promise<void> {
    attempt.onDrain(() => this.#resume?.());
    for await (const frame of this.#request.frames) {
      if (this.answers.ended || attempt !== this.#attempt) return;
      if (attempt.write(frame)) continue;
      await new Promise<void>((resolve) => {
        this.#resume = resolve;
      });
      if (this.answers.ended) return;
    }
    attempt.end();
  }
}
