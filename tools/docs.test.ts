import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodes } from 'holdfast/std';
import { expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '..');

it('docs/reference/errors.md has the table of the code', () => {
  const text = readFileSync(path.join(root, 'docs/reference/errors.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const yes = (value: boolean): string => (value ? 'yes' : 'no');
  const expected = Object.entries(errorCodes).map(
    ([code, { grpc, httpStatus, retryable, mayHaveExecuted }]) =>
      `| \`${code}\` | ${grpc} | ${httpStatus} | ${yes(retryable)} | ${yes(mayHaveExecuted)} |`,
  );
  expect(rows).toEqual(expected);
});

it('docs/reference/environment.md has every variable that services read', () => {
  const text = readFileSync(path.join(root, 'docs/reference/environment.md'), 'utf8');
  const source = readFileSync(path.join(root, 'src/service/environment.ts'), 'utf8');
  const variables = [...source.matchAll(/read\('([A-Z_]+)'/g)].map(([, name]) => name as string);
  expect(variables.length).toBeGreaterThan(5);
  for (const variable of variables) expect(text).toContain(`\`${variable}\``);
});
