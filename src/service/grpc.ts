import type { Http2Server, ServerHttp2Session } from 'node:http2';
import { CallContext, previousAttemptsHeader, readAttempt, runInContext } from '../calls/index.ts';
import type { GrpcCall, GrpcEvent, GrpcServer, GrpcService, HealthSwitch } from '../grpc/index.ts';
import type { Host } from '../host/index.ts';
import { AssertionFailure, HoldfastError } from '../std/index.ts';
import type { Logger } from '../telemetry/index.ts';
import { type Intake, tooBusy } from './intake.ts';
import type { ServiceLimits } from './limits.ts';

export interface GrpcOptions {
  readonly services: readonly GrpcService[];
  readonly host: Host;
  readonly intake: Intake;
  readonly limits: ServiceLimits;
  readonly log: Logger;
  readonly onBug: (error: AssertionFailure) => void;
}

type GrpcLibrary = typeof import('../grpc/index.ts');

/** The gRPC half of a service's port. Loaded only by services that have gRPC. */
export class GrpcSide {
  /** Gets its connections by `emit('connection', socket)`; it never listens itself. */
  readonly http2: Http2Server;
  readonly #server: GrpcServer;
  readonly #health: HealthSwitch;
  readonly #options: GrpcOptions;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  private constructor(options: GrpcOptions, library: GrpcLibrary, http2: Http2Server) {
    this.#options = options;
    this.http2 = http2;
    this.#health = new library.HealthSwitch();
    const descs = options.services.map(({ desc }) => desc);
    const names = descs.map(({ typeName }) => typeName);
    this.#server = new library.GrpcServer({
      services: [
        ...options.services,
        library.healthService(this.#health, names),
        ...library.reflectionServices(descs),
      ],
      clock: options.host.clock,
      requestTimeoutMs: options.limits.requestTimeoutMs,
      around: (call, handle) => this.#around(call, handle),
      admit: () => this.#admit(),
      leave: () => options.intake.admission.leave(),
      observe: (event) => this.#observe(event),
    });
    this.#server.attach(http2);
    http2.on('session', (session) => this.#track(session));
  }

  static async create(options: GrpcOptions): Promise<GrpcSide> {
    const [library, http2] = await Promise.all([import('../grpc/index.ts'), import('node:http2')]);
    return new GrpcSide(options, library, http2.createServer(library.serverOptions));
  }

  get underWay(): number {
    return this.#server.callsUnderWay;
  }

  set serving(serving: boolean) {
    this.#health.set(serving);
  }

  whenIdle(done: () => void): void {
    this.#server.whenIdle(done);
  }

  /** Callers are told to start no more calls (GOAWAY); those under way go on. */
  stopAccepting(): void {
    this.#isClosing = true;
    this.#health.close();
    for (const session of this.#sessions) session.close();
  }

  destroy(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #track(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    session.once('close', () => this.#sessions.delete(session));
    // A caller's bad frames end its own connection and nothing else.
    session.on('error', () => {});
    const { host, limits } = this.#options;
    session.setTimeout(limits.http2IdleTimeoutMs, () => session.close());
    // As slow headers over HTTP/1.1: a connection is for calls, and the first one comes soon.
    const silent = host.clock.setTimer(limits.headersTimeoutMs, () => session.destroy());
    session.once('stream', () => silent.cancel());
    session.once('close', () => silent.cancel());
    if (this.#isClosing) this.#closeAfterFirst(session);
  }

  /** Its connection was taken before the port closed: the call it was made for is served. */
  #closeAfterFirst(session: ServerHttp2Session): void {
    const { host, limits } = this.#options;
    const close = (): void => {
      if (!session.destroyed) session.close();
    };
    const silent = host.clock.setTimer(limits.drainQuietMs, close);
    session.once('stream', close);
    session.once('close', () => silent.cancel());
  }

  #admit(): HoldfastError | undefined {
    const { intake, limits } = this.#options;
    if (intake.admission.tryEnter()) return undefined;
    const retryAfterMs = limits.retryAfterS * 1_000;
    return new HoldfastError('unavailable', tooBusy, { retryAfterMs, mayHaveExecuted: false });
  }

  #around(call: GrpcCall, handle: () => void): void {
    const { headers, deadlineMs } = call;
    const context = new CallContext({
      deadlineMs,
      attempt: attemptIn(headers[previousAttemptsHeader]),
      random: this.#options.host.random,
      traceparent: headers.traceparent,
      tracestate: headers.tracestate,
    });
    let isHeld = true;
    const drop = this.#options.intake.whenUnpaused(() => {
      isHeld = false;
      runInContext(context, handle);
    });
    if (isHeld) call.signal.addEventListener('abort', drop);
  }

  #observe(event: GrpcEvent): void {
    if (event.type !== 'handler-threw') return;
    const { host, limits, log, onBug } = this.#options;
    const { error } = event;
    // Its answer is about to be sent.
    if (error instanceof AssertionFailure) host.clock.setTimer(limits.bugAnswerMs, () => onBug(error));
    else log.error({ procedure: event.procedure, status: 'error', error });
  }
}

function attemptIn(previous: unknown): number {
  return previous === undefined ? 1 : readAttempt(previous) + 1;
}
