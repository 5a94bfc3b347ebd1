import { Client } from 'undici';
import { z } from 'zod';
import { describeError, keyHeader } from '../../std/index.ts';
import type { AnnounceAnswer } from '../core/announcer-events.ts';
import { limits } from '../limits.ts';
import type { Position } from '../watch-frame.ts';
import { deleteReply, formatPosition, type PutBody, paths, putReply } from '../wire.ts';
import { exchange, type HttpRequest } from './exchange.ts';
import type { PutCall, RegistryTransport, RemoveCall, WatchListener } from './transport.ts';

/** Requests over HTTP/1.1: one connection a registry for announcements, one more for each watch stream. */
export class HttpTransport implements RegistryTransport {
  readonly #key: string | undefined;
  readonly #clients = new Map<string, Client>();
  readonly #streams = new Set<Client>();

  /** `key` goes with every write. */
  constructor(options: { readonly key?: string | undefined }) {
    this.#key = options.key;
  }

  watch(
    registry: string,
    service: string,
    from: Position | undefined,
    listener: WatchListener,
  ): () => void {
    const client = connectTo(registry);
    this.#streams.add(client);
    const headers: Record<string, string> = { accept: 'text/event-stream' };
    if (from !== undefined) headers['last-event-id'] = formatPosition(from);
    const close = () => {
      this.#streams.delete(client);
      // Nothing of a stream given up matters any more, how it ended least of all.
      client.destroy().catch(() => {});
    };
    let isStream = false;
    const end = (why: string) => {
      close();
      listener.ended(why);
    };
    const abort = exchange(
      client,
      { method: 'GET', path: paths.watch(service), headers },
      {
        started: (status) => {
          isStream = status === 200;
          if (isStream) listener.opened();
          else {
            abort();
            end(`it answered ${status}`);
          }
        },
        received: (chunk) => {
          if (isStream) listener.received(chunk);
        },
        ended: (error) => end(error === undefined ? 'it closed the stream' : describeError(error)),
      },
    );
    return () => {
      abort();
      close();
    };
  }

  put(registry: string, request: PutCall, done: (answer: AnnounceAnswer) => void): () => void {
    const { service, instance, leaseMs, sequence } = request;
    const { id, metadata, ...described } = instance;
    const body: PutBody = {
      ...described,
      metadata: metadata === undefined ? undefined : { ...metadata },
      leaseMs,
      sequence,
    };
    const path = paths.instance(service, id);
    return this.#write(
      registry,
      { method: 'PUT', path, headers: jsonType, body: JSON.stringify(body) },
      (reply) => ({ result: 'listed', leaseMs: putReply.parse(reply).leaseMs }),
      done,
    );
  }

  remove(registry: string, request: RemoveCall, done: (answer: AnnounceAnswer) => void): () => void {
    const { service, id, incarnation } = request;
    const path = `${paths.instance(service, id)}?incarnation=${encodeURIComponent(incarnation)}`;
    return this.#write(
      registry,
      { method: 'DELETE', path, headers: {} },
      (reply) => {
        deleteReply.parse(reply);
        return { result: 'removed' };
      },
      done,
    );
  }

  async close(): Promise<void> {
    const clients = [...this.#clients.values(), ...this.#streams];
    this.#clients.clear();
    this.#streams.clear();
    await Promise.all(clients.map((client) => client.destroy()));
  }

  #write(
    registry: string,
    request: HttpRequest,
    read: (reply: unknown) => AnnounceAnswer,
    done: (answer: AnnounceAnswer) => void,
  ): () => void {
    const client = this.#clients.get(registry) ?? connectTo(registry);
    this.#clients.set(registry, client);
    const headers =
      this.#key === undefined ? request.headers : { ...request.headers, [keyHeader]: this.#key };
    const chunks: Buffer[] = [];
    let bytes = 0;
    let status = 0;
    return exchange(
      client,
      { ...request, headers },
      {
        started: (code) => {
          status = code;
        },
        received: (chunk) => {
          bytes += chunk.length;
          if (bytes <= limits.answerBytesMax) chunks.push(chunk);
        },
        ended: (error) => {
          if (error !== undefined) done({ result: 'failed', why: describeError(error) });
          else done(interpret(status, Buffer.concat(chunks).toString('utf8'), read));
        },
      },
    );
  }
}

const jsonType = { 'content-type': 'application/json' };
const errorBody = z.object({ error: z.object({ message: z.string() }) });

/** The cores set the time limits, so undici's own are off. */
function connectTo(registry: string): Client {
  return new Client(registry, {
    pipelining: 1,
    connect: { timeout: limits.openTimeoutMs },
    allowH2: false,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** An HTTP answer of the registry in the announcer's words. */
function interpret(status: number, text: string, read: (body: unknown) => AnnounceAnswer): AnnounceAnswer {
  const body = parsed(text);
  const explained = errorBody.safeParse(body);
  const why = explained.success ? explained.data.error.message : `it answered ${status}`;
  if (status === 401 || status === 403) return { result: 'key-refused' };
  if (status === 409) return { result: 'fenced', why };
  if (status === 429 || status >= 500) return { result: 'failed', why };
  if (status !== 200) return { result: 'rejected', why };
  try {
    return read(body);
  } catch {
    return { result: 'rejected', why: 'it answers like something else than a registry' };
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
