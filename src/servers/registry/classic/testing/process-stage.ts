import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { ProbedServer } from './classic-under-test.ts';
import { onStage } from './on-stage.ts';
import { SpawnedRegistry } from './spawned-registry.ts';

/** Processes of one test: each has its own, so that they can all wait at the same time. */
export class ProcessStage {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-classic-'));
  readonly #registries: SpawnedRegistry[] = [];
  readonly #servers: ProbedServer[] = [];

  spawn(env: Record<string, string>): SpawnedRegistry {
    const registry = new SpawnedRegistry(env);
    this.#registries.push(registry);
    return registry;
  }

  /** A server, registered at a registry. */
  async registered(registry: SpawnedRegistry, type: string): Promise<ProbedServer> {
    const server = await ProbedServer.start();
    this.#servers.push(server);
    expect(await registry.ask('POST', '/register', { host: server.host, type })).toEqual({
      status: 200,
      body: { message: `Service registered: ${server.host} as ${type}` },
    });
    return server;
  }

  async close(): Promise<void> {
    await Promise.all(this.#registries.map((registry) => registry.kill()));
    await Promise.all(this.#servers.map((server) => server.die()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const onProcesses = onStage(() => new ProcessStage());
