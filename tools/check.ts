// `npm run check`: format, lint, types and tidy at the same time. Every part runs to its end, so that one
// failure does not hide another.

import { spawn } from 'node:child_process';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
// Biome colours what it prints by guess, which is wrong here: it does not see that this process reads it.
const colors = `--colors=${process.stdout.isTTY ? 'force' : 'off'}`;
const level = ['--error-on-warnings', '--diagnostic-level=warn'];
const parts = {
  'format and lint': ['node_modules/@biomejs/biome/bin/biome', 'check', ...level, colors, '.'],
  types: ['node_modules/typescript/bin/tsc', '-p', '.'],
  tidy: ['tools/tidy/main.ts'],
};

function run(args: readonly string[]): Promise<{ ok: boolean; output: string; seconds: string }> {
  const startMs = performance.now();
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => {
      const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
      resolve({ ok: status === 0, output: output.trimEnd(), seconds });
    });
  });
}

const runs = Object.entries(parts).map(([name, args]) => ({ name, ended: run(args) }));
const failed: string[] = [];
for (const { name, ended } of runs) {
  const { ok, output, seconds } = await ended;
  if (!ok) failed.push(name);
  console.log(`${ok ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)${ok ? '' : `\n${output}\n`}`);
}
if (failed.length > 0) console.log(`Failed: ${failed.join(', ')}.`);
if (failed.includes('format and lint')) console.log('`npm run format` puts format and imports right.');
process.exitCode = failed.length === 0 ? 0 : 1;
