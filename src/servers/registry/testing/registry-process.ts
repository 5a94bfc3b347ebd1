import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const main = path.resolve(import.meta.dirname, '../main.ts');

/** The registry as a process of its own, which can be killed and started again at its port. */
export class RegistryProcess {
  #child: ChildProcess | undefined;
  #port = 0;

  static async start(): Promise<RegistryProcess> {
    const registry = new RegistryProcess();
    await registry.startAgain();
    return registry;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it is ready; the port stays what it was. */
  async startAgain(): Promise<void> {
    const child = spawn(process.execPath, [main], {
      env: { PATH: process.env.PATH, PORT: String(this.#port), LOG_LEVEL: 'warn' },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#child = child;
    this.#port = await new Promise((resolve, reject) => {
      child.once('exit', () => reject(new Error('The registry ended before it was ready.')));
      child.on('message', (message) => {
        const { state, port } = message as { readonly state?: string; readonly port: number };
        if (state === 'ready') resolve(port);
      });
    });
  }

  /** With -9: it gets no chance to say or to keep anything. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
