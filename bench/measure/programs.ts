import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Child, measured } from './child.ts';

/** Programs from the system that benches use. Each says how to get it. */
export function requireProgram(name: string, debianPackage: string): void {
  const found = spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
  if (!found) throw new Error(`This bench needs ${name}: apt-get install ${debianPackage}`);
}

export interface WrkResult {
  readonly perS: number;
  readonly requests: number;
  readonly errors: number;
}

/** Load from wrk: one thread, keep-alive connections, closed loop. */
export function wrk(url: string, options: { connections: number; seconds: number }): WrkResult {
  const { connections, seconds } = options;
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, url];
  const output = execFileSync('wrk', args, { encoding: 'utf8' });
  const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0);
  const errors =
    Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0) +
    [...output.matchAll(/(?:connect|read|write|timeout) (\d+)/g)].reduce(
      (sum, each) => sum + Number(each[1]),
      0,
    );
  return { perS: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0), requests, errors };
}

/** An nginx with one worker that answers every request with the same JSON. */
export async function startNginx(port: number, body: string): Promise<Child> {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bench-nginx-'));
  const config = path.join(folder, 'nginx.conf');
  writeFileSync(
    config,
    `worker_processes 1; daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; client_body_temp_path ${folder};
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location / { default_type application/json; return 200 '${body}'; }
  }
}`,
  );
  const child = spawn('nginx', ['-p', folder, '-c', config], { stdio: 'ignore' });
  child.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await answering(port);
  return measured(child, port);
}

async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1');
    // `once` rejects on `error`: nobody listens yet.
    const open = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Nothing answers on port ${port}.`);
}
