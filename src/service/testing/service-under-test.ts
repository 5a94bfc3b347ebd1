import { faultsAllowedBy, nodeHost } from '../../host/node/index.ts';
import { createLogger } from '../../telemetry/index.ts';
import { defineService, type ServiceDefinition } from '../define.ts';
import { type RunningService, type StartOptions, startService } from '../start.ts';
import { RawConnection } from './raw-connection.ts';

export interface ServiceUnderTest {
  readonly service: RunningService;
  readonly logged: string[];
  /** A new connection, closed with the test. */
  connect(): Promise<RawConnection>;
  url(path: string): string;
  stop(): Promise<void>;
}

/** A service on a free port, without a registry, its log lines kept. */
export async function startUnderTest(
  definition: Omit<ServiceDefinition, 'name'>,
  options: Partial<StartOptions> = {},
): Promise<ServiceUnderTest> {
  const logged: string[] = [];
  const env = { HOLDFAST_REGISTRY: 'none', HOLDFAST_FAULTS: 'on', ...options.env };
  const service = await startService(defineService({ name: 'subject', label: 'S', ...definition }), {
    host: nodeHost({ faultsAllowed: faultsAllowedBy(env) }),
    log: createLogger({ format: 'text', level: 'info', service: 'S', write: (line) => logged.push(line) }),
    ...options,
    env,
  });
  const connections: RawConnection[] = [];
  return {
    service,
    logged,
    async connect() {
      const connection = await RawConnection.open(service.port);
      connections.push(connection);
      return connection;
    },
    url: (path) => `${service.address}${path}`,
    async stop() {
      for (const connection of connections) connection.close();
      await service.drain();
    },
  };
}
