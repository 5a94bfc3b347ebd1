import * as http from 'node:http';
import { nodeHost } from '../../../host/node/index.ts';
import { type RunningService, startService } from '../../../service/index.ts';
import { createLogger } from '../../../telemetry/index.ts';
import { type RegistryServiceOptions, registryService } from '../service.ts';

export const host = nodeHost({ faultsAllowed: true });

type Variables = NonNullable<Parameters<typeof startService>[1]['env']>;

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of any shape
  readonly body: any;
}

/** A registry in this process, on a port of its own or a given one. */
export class RegistryUnderTest {
  readonly #service: RunningService;
  readonly logged: string[];

  constructor(service: RunningService, logged: string[]) {
    this.#service = service;
    this.logged = logged;
  }

  static async start(
    options: RegistryServiceOptions & {
      readonly port?: number;
      readonly key?: string;
      readonly variables?: Variables;
    } = {},
  ): Promise<RegistryUnderTest> {
    const { port = 0, key, variables, ...rest } = options;
    const logged: string[] = [];
    const service = await startService(registryService(rest), {
      host,
      env: { ...variables, PORT: String(port), CLUSTER_KEY: key },
      log: createLogger({ format: 'text', level: 'info', write: (line) => logged.push(line) }),
    });
    return new RegistryUnderTest(service, logged);
  }

  get address(): string {
    return this.#service.address;
  }

  get port(): number {
    return this.#service.port;
  }

  stop(): Promise<void> {
    return this.#service.drain();
  }

  ask(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const request = http.request(`${this.address}${path}`, { method, headers, agent: false });
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({ status: response.statusCode ?? 0, body: text === '' ? undefined : JSON.parse(text) });
        });
      });
      request.end(typeof body === 'string' || body === undefined ? body : JSON.stringify(body));
    });
  }

  put(id: string, fields: Record<string, unknown> = {}, service = 'a'): Promise<Answer> {
    const body = { incarnation: 'i1', host: '127.0.0.1', port: 8080, state: 'ready', ...fields };
    return this.ask('PUT', `/v1/services/${service}/instances/${id}`, body);
  }

  remove(id: string, incarnation = 'i1', service = 'a'): Promise<Answer> {
    return this.ask('DELETE', `/v1/services/${service}/instances/${id}?incarnation=${incarnation}`);
  }

  watch(path = '/v1/watch', lastEventId?: string): RawWatch {
    return new RawWatch(`${this.address}${path}`, lastEventId);
  }
}

export interface RawEvent {
  readonly id: string;
  readonly event: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into events of any shape
  readonly data: any;
}

/** A watch stream as anybody sees it who speaks HTTP. Keep-alives are left out of `events`. */
export class RawWatch {
  readonly events: RawEvent[] = [];
  lastEventId: string;
  status = 0;
  closed = false;
  readonly #request: http.ClientRequest;
  #response: http.IncomingMessage | undefined;
  #rest = '';

  constructor(address: string, lastEventId: string | undefined) {
    this.lastEventId = lastEventId ?? '';
    const headers = lastEventId === undefined ? {} : { 'last-event-id': lastEventId };
    this.#request = http.get(address, { headers, agent: false }, (response) => {
      this.status = response.statusCode ?? 0;
      this.#response = response;
      response.setEncoding('utf8');
      response.on('data', (text: string) => this.#read(text));
    });
    this.#request.on('error', () => {});
    this.#request.on('close', () => {
      this.closed = true;
    });
  }

  pause(): void {
    this.#response?.pause();
  }

  resume(): void {
    this.#response?.resume();
  }

  break(): void {
    this.#request.destroy();
  }

  #read(text: string): void {
    const blocks = (this.#rest + text).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(block.split('\n').map((line) => line.split(/: (.*)/s, 2) as [string, string]));
      this.lastEventId = fields.get('id') ?? this.lastEventId;
      const event = fields.get('event');
      if (event === undefined) continue;
      this.events.push({ id: this.lastEventId, event, data: JSON.parse(fields.get('data') ?? '') });
    }
  }
}
