import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, vi } from 'vitest';

const main = join(import.meta.dirname, '..', '..', 'main.ts');

/** A registry as it is run, which can be killed. */
export class SpawnedRegistry {
  readonly child: ChildProcess;
  output = '';

  /** On a free port, in exactly this environment. */
  constructor(env: Record<string, string>) {
    const { PATH } = process.env;
    this.child = spawn(process.execPath, [main], {
      env: { PATH, PORT: '0', HOLDFAST_REGISTRY: 'none', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.on('data', (text: Buffer) => {
        this.output += text;
      });
    }
  }

  /** Once it listens. */
  async address(): Promise<string> {
    const listening = () => expect(this.output).toMatch(/listening .*address=http:\S+/);
    await vi.waitFor(listening, { timeout: 15_000, interval: 20 });
    return /address=(http:\S+)/.exec(this.output)?.[1] ?? '';
  }

  async ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${await this.address()}${path}`, {
      method,
      body: JSON.stringify(body) ?? null,
    });
    return { status: answer.status, body: await answer.json() };
  }

  /** What is listed of a service: id and incarnation. */
  async listed(service: string): Promise<readonly { readonly id: string; readonly incarnation: string }[]> {
    const { body } = await this.ask('GET', `/v1/services/${service}`);
    return (body as { instances: { id: string; incarnation: string }[] }).instances;
  }

  /** With -9: it gets no chance to say or to keep anything. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }
}
