import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorCodes } from 'holdfast/std';
import { checkTopology, loadTopology } from 'holdfast/topology';
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

/** The keys that a config may have at a place: the check lists them when it meets one that is not known. */
const knownKeys = (config: unknown): readonly string[] => {
  const checked = checkTopology(config);
  const problems = checked.ok ? [] : checked.problems;
  const told = problems.flatMap(({ message }) => / Known: (.+)\./.exec(message)?.[1] ?? []);
  expect(told).toHaveLength(1);
  return told[0]?.split(', ') ?? [];
};

const strange = { 'no such key': 1 };
const main = new URL('file:///main.ts');
const system = { name: 'shop', services: {} };
const command = { name: 'count', summary: 'counts', run: () => undefined };

it.each<[string, unknown]>([
  ['The config', { systems: [], ...strange }],
  ['A system', { systems: [{ ...system, ...strange }] }],
  ['A service', { systems: [{ ...system, services: { orders: { main, ...strange } } }] }],
  ['Registry and gateway', { systems: [], gateway: strange }],
  ['A route', { systems: [{ ...system, routes: [{ prefix: '/', service: 'x', ...strange }] }] }],
  ['A command', { systems: [{ ...system, commands: [{ ...command, ...strange }] }] }],
])('docs/reference/config.md has every key and no other: %s', (heading, config) => {
  const text = readFileSync(path.join(root, 'docs/reference/config.md'), 'utf8');
  const [, section = ''] = text.split(`\n## ${heading}\n`);
  const [table = ''] = section.split('\n## ');
  const told = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, key]) => key);
  expect(told.toSorted()).toEqual(knownKeys(config).toSorted());
});

it('docs/reference/config.md shows a config and a system that are right', async () => {
  const text = readFileSync(path.join(root, 'docs/reference/config.md'), 'utf8');
  const examples = [...text.matchAll(/```ts\n\/\/ (\S+)\n(.+?)```/gs)];
  expect(examples).toHaveLength(2);
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-docs-'));
  const topology = pathToFileURL(path.join(root, 'src/topology/index.ts')).href;
  try {
    for (const [, file = '', source = ''] of examples) {
      mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      writeFileSync(path.join(folder, file), source.replace("'holdfast/topology'", `'${topology}'`));
    }
    for (const service of ['orders', 'prices']) {
      mkdirSync(path.join(folder, 'systems/shop', service));
      writeFileSync(path.join(folder, 'systems/shop', service, 'main.ts'), '');
    }
    const loaded = await loadTopology(path.join(folder, 'holdfast.config.ts'));
    expect(loaded.ok ? [] : loaded.lines).toEqual([]);
    const processes = loaded.ok ? loaded.topology.processes : [];
    expect(processes.map(({ instance, port, zone }) => [instance, port, zone])).toEqual([
      ['registry', 8600, undefined],
      ['orders-1', 8090, 'x'],
      ['orders-2', 8092, 'y'],
      ['prices-1', 8091, undefined],
      ['gateway', 8610, 'x'],
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
