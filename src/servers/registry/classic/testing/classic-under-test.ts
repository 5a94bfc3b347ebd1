import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { startService, type Variables } from '../../../../service/index.ts';
import { createLogger } from '../../../../telemetry/index.ts';
import { registryService } from '../../service.ts';
import { type Answer, host, RegistryUnderTest } from '../../testing/registry-under-test.ts';

/** A registry in this process, started with the environment given, on a free port. */
export async function startRegistry(env: Variables): Promise<RegistryUnderTest> {
  const logged: string[] = [];
  const service = await startService(registryService({ warmingMs: 0 }), {
    host,
    env: { PORT: '0', ...env },
    log: createLogger({ format: 'text', level: 'info', write: (line) => logged.push(line) }),
  });
  return new RegistryUnderTest(service, logged);
}

/** What is listed of a service. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into instances of any shape
export async function listed(registry: RegistryUnderTest, service: string): Promise<any[]> {
  return (await registry.ask('GET', `/v1/services/${service}`)).body.instances;
}

export function register(
  registry: RegistryUnderTest,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return registry.ask('POST', '/register', body, headers);
}

/** A small server that is probed: it behaves as its `answer` says at the time. */
export class ProbedServer {
  readonly requests: http.IncomingMessage[] = [];
  answer: (response: http.ServerResponse) => void = (response) => response.writeHead(202).end('{}');
  #server: http.Server | undefined;
  port = 0;

  static async start(): Promise<ProbedServer> {
    const probed = new ProbedServer();
    await probed.listen();
    return probed;
  }

  get host(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** On the port it had before, if any. */
  async listen(): Promise<void> {
    const server = http.createServer((request, response) => {
      this.requests.push(request);
      this.answer(response);
    });
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.on('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
  }

  async die(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  }
}
