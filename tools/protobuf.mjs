// Makes the TypeScript of every .proto file: `npm run protobuf`. Its compiler is heavy and rarely needed, so
// it is installed for the run into a temporary folder; the output is committed, and a test holds the hash in
// its first line against the source.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '..');
const sources = globSync('{src,systems}/**/proto/*.proto', { cwd: root });
const folders = new Set(sources.map((source) => path.dirname(path.dirname(source))));
const compilers = ['@bufbuild/buf@1.75.0', '@bufbuild/protoc-gen-es@2.17.0'];

const work = mkdtempSync(path.join(tmpdir(), 'holdfast-protobuf-'));
try {
  console.log(`Installing ${compilers.join(' and ')} for this run ...`);
  writeFileSync(path.join(work, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', ...compilers], {
    cwd: work,
    stdio: 'inherit',
  });
  for (const folder of folders) generate(folder);
} finally {
  rmSync(work, { recursive: true, force: true });
}

function generate(folder) {
  const from = path.join(work, 'proto');
  rmSync(from, { recursive: true, force: true });
  cpSync(path.join(root, folder, 'proto'), from, { recursive: true });
  const plugin = {
    local: ['node_modules/.bin/protoc-gen-es'],
    out: 'gen',
    opt: ['target=js+dts', 'import_extension=js'],
  };
  writeFileSync(
    path.join(work, 'buf.gen.yaml'),
    JSON.stringify({ version: 'v2', clean: true, plugins: [plugin] }),
  );
  execFileSync('node_modules/.bin/buf', ['generate', 'proto'], { cwd: work, stdio: 'inherit' });
  for (const file of readdirSync(path.join(work, 'gen'))) {
    const source = path.join(folder, 'proto', file.replace(/_pb\..*$/, '.proto'));
    const hash = createHash('sha256')
      .update(readFileSync(path.join(root, source)))
      .digest('hex');
    const text = readFileSync(path.join(work, 'gen', file), 'utf8');
    mkdirSync(path.join(root, folder, 'gen'), { recursive: true });
    const target = path.join(root, folder, 'gen', file);
    writeFileSync(target, `// Made by \`npm run protobuf\` from ${source}, sha256 ${hash}.\n${text}`);
    console.log(path.relative(root, target));
  }
}
