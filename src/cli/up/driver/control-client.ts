import { request } from 'node:http';
import { type ErrorCode, errorCodes, HoldfastError, keyHeader } from '../../../std/index.ts';
import { limits } from '../../limits.ts';
import { type ActAnswer, type ActRequest, type DownAnswer, type ProcessList, paths } from '../wire.ts';
import { clusterKeyFile, readClusterKey } from './data-folder.ts';
import { isAlive, type RunRecord, readRunFile } from './run-file.ts';

/** A running `up`, from outside. */
export interface ControlClient {
  readonly record: RunRecord;
  list(): Promise<ProcessList>;
  act(request: ActRequest): Promise<ActAnswer>;
  down(): Promise<DownAnswer>;
}

export type Found =
  | { readonly kind: 'running'; readonly client: ControlClient; readonly list: ProcessList }
  | { readonly kind: 'nothing' }
  /** It was killed; what it ran has ended with it. */
  | { readonly kind: 'dead'; readonly record: RunRecord }
  /** Its process lives and does not answer. */
  | { readonly kind: 'silent'; readonly record: RunRecord }
  /** Its key is not known here. `why` is one sentence. */
  | { readonly kind: 'locked'; readonly record: RunRecord; readonly why: string }
  /** What runs cannot be told: the record is broken, and nobody mends it. */
  | { readonly kind: 'unreadable'; readonly error: unknown };

/** Finds the `up` that a data folder belongs to. */
export async function findRunning(folder: string): Promise<Found> {
  const startedMs = performance.now();
  for (;;) {
    const found = readRunFile(folder);
    if (found.kind === 'none') return { kind: 'nothing' };
    const waitedMs = performance.now() - startedMs;
    if (found.kind === 'unreadable') {
      if (waitedMs > limits.recordHealMaxMs) return found;
    } else {
      const { record } = found;
      if (!isAlive(record)) return { kind: 'dead', record };
      if (record.port !== undefined) return ask(folder, record, record.port);
      // It has the folder and does not listen yet.
      if (waitedMs > limits.claimSettleMaxMs) return { kind: 'silent', record };
    }
    await new Promise((resolve) => setTimeout(resolve, limits.portPollMs));
  }
}

async function ask(folder: string, record: RunRecord, port: number): Promise<Found> {
  const file = clusterKeyFile(folder);
  try {
    const key = readClusterKey(folder);
    if (key === undefined) return { kind: 'locked', record, why: `${file} is gone.` };
    const client = clientOf(record, port, key);
    return { kind: 'running', client, list: await client.list() };
  } catch (error) {
    if (isRefused(error)) return { kind: 'dead', record };
    if (!(error instanceof HoldfastError)) return { kind: 'silent', record };
    const changed = error.code === 'unauthenticated';
    return { kind: 'locked', record, why: changed ? `${file} holds another key by now.` : error.message };
  }
}

function clientOf(record: RunRecord, port: number, key: string): ControlClient {
  return {
    record,
    list: () => call<ProcessList>({ port, key, path: paths.processes, waitMs: limits.controlAnswerMaxMs }),
    act: (body) => call<ActAnswer>({ port, key, path: paths.act, body, waitMs: actWaitMs(body) }),
    down: () => call<DownAnswer>({ port, key, path: paths.down, body: {}, waitMs: downWaitMs }),
  };
}

/** One is started: its last life ends, the next one is ready, the registry lists it. */
const startWaitMs =
  limits.drainMaxMs + limits.killWaitMaxMs + limits.readyWaitMaxMs + limits.listedWaitMaxMs;
/** Restarts go one after the other; everything else is done to all at once. */
const actWaitMs = ({ action }: ActRequest): number =>
  action === 'restart' ? limits.restartAllMaxMs : startWaitMs + limits.controlAnswerMaxMs;
/** Three drains, one after the other. */
const downWaitMs = 3 * limits.drainMaxMs + limits.controlAnswerMaxMs;

interface Call {
  readonly port: number;
  readonly key: string;
  readonly path: string;
  readonly body?: unknown;
  readonly waitMs: number;
}

function call<Answer>({ port, key, path, body, waitMs }: Call): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({
      host: '127.0.0.1',
      port,
      path,
      method: body === undefined ? 'GET' : 'POST',
      headers: { [keyHeader]: key },
      signal: AbortSignal.timeout(waitMs),
      agent: false,
    });
    sent.on('error', reject);
    sent.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        try {
          const value = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Answer & WireError;
          if (response.statusCode === 200) resolve(value);
          else reject(failureOf(value));
        } catch (error) {
          reject(error);
        }
      });
    });
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

interface WireError {
  readonly error?: { readonly code?: string; readonly message?: string };
}

function failureOf({ error }: WireError): HoldfastError {
  const code =
    error?.code !== undefined && error.code in errorCodes ? (error.code as ErrorCode) : 'unknown';
  return new HoldfastError(code, error?.message ?? 'The running holdfast up gave no reason.');
}

function isRefused(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
}
