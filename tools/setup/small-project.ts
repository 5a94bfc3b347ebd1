import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';

/**
 * A project with two packages and a registry to install them from: what the set-up is tried on. Everything is
 * in one temporary folder, npm's cache too.
 */
export interface SmallProject {
  readonly root: string;
  readonly registry: SmallRegistry;
  /** Starts the set-up; the registry is `registry` unless `online` is false. */
  run(options?: { readonly online?: boolean }): Run;
  lock(change: (packages: Record<string, Record<string, unknown>>) => void): void;
  exists(name: string): boolean;
  close(): Promise<void>;
}

export interface Run {
  readonly pid: number;
  readonly ended: Promise<{ readonly status: number | null; readonly said: string }>;
  /** Resolves once the set-up has said this. */
  says(text: string): Promise<void>;
}

export interface SmallRegistry {
  readonly url: string;
  /** The packages that were downloaded, in order. */
  readonly downloads: string[];
  /** How downloads are answered: at once, not before the mode changes, or one of them with status 500. */
  set(mode: Mode): void;
}

type Mode = 'answer' | 'hold' | 'no node-pinned' | 'no plain';

/** The packages of the project. `node-pinned` only tells its version; `plain` is empty. */
const packages = {
  'node-pinned': { bin: { node: 'bin/node' }, os: [process.platform], cpu: [process.arch] },
  plain: {},
};

export async function createSmallProject(): Promise<SmallProject> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast setup '));
  const root = path.join(folder, 'project');
  const archives = new Map(Object.keys(packages).map((name) => [name, pack(folder, name)]));
  const { registry, server } = await startRegistry(archives);
  writeProject(root, archives);
  return {
    root,
    registry,
    run: (options) => runSetup(folder, options?.online === false ? 'http://127.0.0.1:1' : registry.url),
    lock(change) {
      const file = path.join(root, 'package-lock.json');
      const lock = JSON.parse(fs.readFileSync(file, 'utf8'));
      change(lock.packages);
      fs.writeFileSync(file, JSON.stringify(lock));
    },
    exists: (file) => fs.existsSync(path.join(root, file)),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

function manifestOf(name: string): Record<string, unknown> {
  return { name, version: '1.0.0', ...packages[name as keyof typeof packages] };
}

function pack(folder: string, name: string): Buffer {
  const source = path.join(folder, name, 'package');
  fs.mkdirSync(path.join(source, 'bin'), { recursive: true });
  fs.writeFileSync(path.join(source, 'package.json'), JSON.stringify(manifestOf(name)));
  fs.writeFileSync(path.join(source, 'bin', 'node'), '#!/bin/sh\necho v26.10.0\n', { mode: 0o755 });
  const archive = path.join(folder, `${name}.tgz`);
  execFileSync('tar', ['-czf', archive, '-C', path.join(folder, name), 'package']);
  return fs.readFileSync(archive);
}

function writeProject(root: string, archives: ReadonlyMap<string, Buffer>): void {
  const tools = path.resolve(import.meta.dirname, '..');
  fs.cpSync(path.join(tools, 'setup'), path.join(root, 'tools', 'setup'), { recursive: true });
  fs.cpSync(path.join(tools, 'setup.mjs'), path.join(root, 'tools', 'setup.mjs'));
  const manifest = {
    ...{ name: 'small', version: '1.0.0', dependencies: { plain: '1.0.0' } },
    optionalDependencies: { 'node-pinned': '1.0.0' },
    // Runs in the project's own folder or not at all.
    scripts: { prepare: 'exit 1' },
  };
  fs.writeFileSync(path.join(root, 'package.json'), JSON.stringify(manifest));
  const locked: Record<string, unknown> = { '': manifest };
  for (const [name, archive] of archives) {
    const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
    const { name: _, ...entry } = manifestOf(name);
    locked[`node_modules/${name}`] = {
      ...entry,
      integrity,
      ...(name === 'plain' ? {} : { optional: true }),
    };
  }
  const lock = { name: 'small', version: '1.0.0', lockfileVersion: 3, requires: true, packages: locked };
  fs.writeFileSync(path.join(root, 'package-lock.json'), JSON.stringify(lock));
}

async function startRegistry(archives: ReadonlyMap<string, Buffer>) {
  let mode: Mode = 'answer';
  const held: (() => void)[] = [];
  const server = http.createServer((request, response) => {
    const [, name, isArchive] = /^\/([a-z-]+)(\.tgz)?$/.exec(request.url ?? '') ?? [];
    const archive = archives.get(name ?? '');
    if (name === undefined || archive === undefined) {
      response.writeHead(404).end('{}');
      return;
    }
    if (isArchive === undefined) {
      const dist = { tarball: `${registry.url}/${name}.tgz` };
      response.end(JSON.stringify({ name, versions: { '1.0.0': { ...manifestOf(name), dist } } }));
      return;
    }
    registry.downloads.push(name);
    const answer = (): void => {
      if (mode === `no ${name}`) response.writeHead(500).end();
      else response.end(archive);
    };
    if (mode === 'hold') held.push(answer);
    else answer();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const registry: SmallRegistry = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    downloads: [],
    set(next) {
      mode = next;
      if (next !== 'hold') for (const answer of held.splice(0)) answer();
    },
  };
  return { registry, server };
}

function runSetup(folder: string, registry: string): Run {
  const child = spawn(process.execPath, [path.join(folder, 'project', 'tools', 'setup.mjs')], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      npm_config_cache: path.join(folder, 'cache'),
      npm_config_registry: registry,
      npm_config_fetch_retries: '0',
    },
  });
  let said = '';
  const listeners = new Set<() => void>();
  child.stderr.setEncoding('utf8').on('data', (chunk) => {
    said += chunk;
    for (const listener of listeners) listener();
  });
  const ended = new Promise<{ status: number | null; said: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, said }));
  });
  return {
    pid: child.pid ?? 0,
    ended,
    says(text) {
      return new Promise((resolve, reject) => {
        const look = (): void => {
          if (said.includes(text)) resolve();
        };
        listeners.add(look);
        look();
        void ended.then(() => reject(new Error(`The set-up ended without saying "${text}": ${said}`)));
      });
    },
  };
}
