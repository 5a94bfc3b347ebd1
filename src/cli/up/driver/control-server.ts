import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { HoldfastError, keyHeader } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import {
  type ActAnswer,
  type ActRequest,
  actions,
  type DownAnswer,
  type ProcessList,
  paths,
} from '../wire.ts';

/** What a running `up` does for commands from other terminals. */
export interface Controlled {
  list(): ProcessList;
  act(request: ActRequest): Promise<ActAnswer>;
  /** Resolves when everything has stopped. */
  down(): Promise<DownAnswer>;
}

/** Listens on a free port of loopback. Every request needs the cluster key. */
export function startControlServer(
  key: string,
  controlled: Controlled,
): Promise<{ server: Server; port: number }> {
  /** Who has not shown the key yet, the oldest first: they never keep those out who have it. */
  const strangers = new Set<Socket>();
  const server = createServer(
    { connectionsCheckingInterval: limits.controlCheckMs },
    (request, response) => {
      if (hasKey(request, key)) strangers.delete(request.socket);
      void answer(request, key, controlled).then(
        (body) => send(response, 200, body),
        (error: unknown) => {
          const failure =
            error instanceof HoldfastError ? error : new HoldfastError('internal', String(error));
          send(response, failure.httpStatus, { error: { code: failure.code, message: failure.message } });
        },
      );
    },
  );
  server.on('connection', (socket) => {
    strangers.add(socket);
    socket.once('close', () => strangers.delete(socket));
    const [oldest] = strangers;
    if (strangers.size > limits.controlStrangersMax) oldest?.destroy();
  });
  server.maxConnections = limits.controlConnectionsMax;
  server.headersTimeout = limits.controlAnswerMaxMs;
  server.requestTimeout = limits.controlAnswerMaxMs;
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address !== null ? address.port : 0 });
    });
  });
}

async function answer(request: IncomingMessage, key: string, controlled: Controlled): Promise<unknown> {
  if (!hasKey(request, key)) {
    throw new HoldfastError('unauthenticated', `This needs the cluster key in the header ${keyHeader}.`);
  }
  const { method, url } = request;
  if (method === 'GET' && url === paths.processes) return controlled.list();
  if (method === 'POST' && url === paths.act) return controlled.act(actRequest(await bodyOf(request)));
  if (method === 'POST' && url === paths.down) return controlled.down();
  throw new HoldfastError('not_found', `There is no ${method} ${url} here.`);
}

function hasKey(request: IncomingMessage, key: string): boolean {
  const given = Buffer.from(String(request.headers[keyHeader] ?? ''));
  const wanted = Buffer.from(key);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limits.controlBodyBytesMax)
      throw new HoldfastError('out_of_range', 'The body is too long.');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function actRequest(body: string): ActRequest {
  const wrong = new HoldfastError('invalid_argument', 'The body must be {"action":"...","names":["..."]}.');
  let value: Partial<ActRequest> | null;
  try {
    value = JSON.parse(body) as Partial<ActRequest> | null;
  } catch {
    throw wrong;
  }
  const { action, names } = value ?? {};
  const known = actions.find((each) => each === action);
  if (known === undefined || !Array.isArray(names) || !names.every((name) => typeof name === 'string'))
    throw wrong;
  return { action: known, names };
}

function send(response: ServerResponse, status: number, body: unknown): void {
  const text = `${JSON.stringify(body)}\n`;
  // One answer a connection: `up` is not held open by a client that keeps its own.
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(text);
}
