import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');
const sources = globSync('{src,systems}/**/proto/*.proto', { cwd: root });

it('finds the .proto files', () => {
  expect(sources).toContain('systems/echo/proto/service_a.proto');
});

it.each(sources)('the code generated from %s is of the file as it is', (source) => {
  const hash = createHash('sha256')
    .update(readFileSync(path.join(root, source)))
    .digest('hex');
  const made = source.replace('/proto/', '/gen/').replace(/\.proto$/, '');
  for (const ending of ['_pb.js', '_pb.d.ts']) {
    const [first] = readFileSync(path.join(root, made + ending), 'utf8').split('\n');
    expect(first).toBe(`// Made by \`npm run protobuf\` from ${source}, sha256 ${hash}.`);
  }
});
