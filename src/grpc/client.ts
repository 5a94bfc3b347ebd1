import * as http2 from 'node:http2';
import * as net from 'node:net';
import { type CallSink, type ClientCall, type Line, StreamedCall } from './client-call.ts';
import { limits } from './limits.ts';
import { contentType } from './wire.ts';

/**
 * One HTTP/2 connection to an instance, with any number of calls on it. It is not made anew once closed. Its
 * timers are Node's: it is made of a real socket and has no simulated form.
 */
export class GrpcConnection implements Line {
  readonly where: string;
  readonly #authority: string;
  readonly #socket: net.Socket;
  readonly #session: http2.ClientHttp2Session;
  readonly #calls = new Set<StreamedCall>();
  #whenConnected: (() => void)[] = [];
  #failure: Error | undefined;
  #connected = false;
  #usable = true;
  /** Running while it connects and while a PING is out. */
  #timer: NodeJS.Timeout | undefined;

  /** `where` names the instance in errors. */
  constructor(address: { readonly host: string; readonly port: number }, where: string) {
    this.where = where;
    const { host, port } = address;
    this.#authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.#socket = net.connect({ host, port });
    // Before the session's own listeners: with them all it knows of its streams is gone.
    this.#socket.on('error', (error) => this.#lost(error));
    this.#socket.on('close', () => this.#lost(undefined));
    this.#session = http2.connect(`http://${this.#authority}`, {
      createConnection: () => this.#socket,
      maxSessionMemory: limits.sessionMemoryMb,
      settings: { enablePush: false, initialWindowSize: limits.streamWindowBytes },
    });
    const tooSlow = `it took no connection within ${limits.connectTimeoutMs} ms`;
    this.#timer = setTimeout(() => this.#giveUp(new Error(tooSlow)), limits.connectTimeoutMs);
    this.#session.once('connect', () => this.#onConnect());
    this.#session.on('error', (error) => this.#lost(error));
    this.#session.once('goaway', () => {
      this.#usable = false;
    });
    this.#session.once('close', () => this.#onClose());
  }

  /** False once it failed, was closed or its peer takes no further calls: make another. */
  get usable(): boolean {
    return this.#usable && !this.#session.closed && !this.#session.destroyed;
  }

  /** True when nothing is left of it. */
  get closed(): boolean {
    return this.#session.destroyed;
  }

  get bytesHeard(): number {
    return this.#socket.bytesRead;
  }

  /** `headers` are names in lower case and values in turn: node:http2 takes such a list as it is. */
  call(path: string, headers: readonly string[], sink: CallSink): ClientCall {
    const stream = this.#session.request([
      ':method',
      'POST',
      ':path',
      path,
      ':scheme',
      'http',
      ':authority',
      this.#authority,
      'te',
      'trailers',
      'content-type',
      contentType,
      ...headers,
    ]);
    const call = new StreamedCall(stream, this, sink);
    this.#calls.add(call);
    return call;
  }

  /** Calls back once it is connected; never when that fails, which each call is told. */
  whenConnected(connected: () => void): void {
    if (this.#connected) connected();
    else this.#whenConnected.push(connected);
  }

  /** Ends when the calls under way have ended. */
  close(): void {
    this.#usable = false;
    if (!this.#session.destroyed) this.#session.close();
  }

  destroy(): void {
    this.#lost(undefined);
    if (!this.#session.destroyed) this.#session.destroy();
  }

  ended(call: StreamedCall): void {
    this.#calls.delete(call);
  }

  suspect(bytesHeardBefore: number): void {
    const isBusy = this.#timer !== undefined || !this.#connected || this.#session.destroyed;
    if (isBusy || this.bytesHeard !== bytesHeardBefore) return;
    const silent = new Error(`it said nothing for ${limits.pingTimeoutMs} ms`);
    this.#timer = setTimeout(() => {
      // What came while this process was held up itself is read first.
      setImmediate(() => {
        this.#stopTimer();
        if (this.bytesHeard === bytesHeardBefore) this.#giveUp(silent);
      });
    }, limits.pingTimeoutMs);
    this.#session.ping(() => this.#stopTimer());
  }

  unsent(stream: http2.ClientHttp2Stream, wasQueued: boolean, cause?: Error): Error | undefined {
    // Node ends a stream that was still pending with an error whose cause is the connection's.
    if (!this.#connected)
      return this.#failure ?? (cause?.cause as Error) ?? cause ?? new Error('it was closed');
    if (stream.rstCode === http2.constants.NGHTTP2_REFUSED_STREAM)
      return new Error('the peer takes no calls now');
    if (wasQueued)
      return this.#failure ?? new Error('its connection broke while the call waited for others');
    return undefined;
  }

  #onConnect(): void {
    this.#stopTimer();
    this.#connected = true;
    if (!this.#session.destroyed) this.#session.setLocalWindowSize(limits.connectionWindowBytes);
    for (const connected of this.#whenConnected.splice(0)) connected();
  }

  #onClose(): void {
    this.#usable = false;
    this.#stopTimer();
    this.#whenConnected = [];
  }

  /** Learns of each call whether it had left: its stream is about to forget. */
  #lost(error: Error | undefined): void {
    this.#failure ??= error;
    this.#usable = false;
    for (const call of this.#calls) call.connectionLost();
  }

  #giveUp(error: Error): void {
    this.#lost(error);
    this.#session.destroy(error);
  }

  #stopTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
