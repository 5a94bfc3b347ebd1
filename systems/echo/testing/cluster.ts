import { ServiceProcess } from './process.ts';

const key = 'test-key-test-key-test-key-test-key';

/** A registry, two instances of A and one B, each a process. */
export class Cluster {
  registry: ServiceProcess;
  readonly #instances: ServiceProcess[] = [];
  b: ServiceProcess;

  static async start(via: 'http' | 'grpc'): Promise<Cluster> {
    const registry = await startRegistry(0);
    const cluster = new Cluster(registry);
    await Promise.all([cluster.startA(1), cluster.startA(2)]);
    cluster.b = await ServiceProcess.start('systems/echo/service-b/main.ts', {
      args: ['--via', via],
      env: cluster.#env,
    });
    const first = await fetch(`${cluster.callEcho}?msg=first`);
    if (first.status !== 200) throw new Error(`The first call failed: ${await first.text()}`);
    return cluster;
  }

  private constructor(registry: ServiceProcess) {
    this.registry = registry;
    this.b = registry;
  }

  get callEcho(): string {
    return `${this.b.address}/call-echo`;
  }

  async startA(number: number): Promise<ServiceProcess> {
    const env = { ...this.#env, HOLDFAST_INSTANCE: `echo-a-${number}` };
    const a = await ServiceProcess.start('systems/echo/service-a/main.ts', { env });
    await a.line(/ registered /);
    this.#instances.push(a);
    return a;
  }

  get instances(): readonly ServiceProcess[] {
    return this.#instances;
  }

  /** Again at the port it had. */
  async restartRegistry(): Promise<void> {
    this.registry = await startRegistry(this.registry.port);
  }

  async stop(): Promise<void> {
    await Promise.all([this.registry, this.b, ...this.#instances].map((each) => each.kill()));
  }

  get #env(): Record<string, string> {
    return { HOLDFAST_REGISTRY: this.registry.address, CLUSTER_KEY: key };
  }
}

function startRegistry(port: number): Promise<ServiceProcess> {
  return ServiceProcess.start('src/servers/registry/main.ts', {
    env: { PORT: String(port), CLUSTER_KEY: key },
  });
}
