import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadUpstreamDriver } from './load-mutant.ts';
import { type Mutant, mutants } from './mutants.ts';
import { rules } from './rules.ts';

const [some] = mutants as [Mutant, ...Mutant[]];

function leftOver(name: string): readonly string[] {
  const folder = path.resolve(import.meta.dirname, '..', '..', '..', '.holdfast', 'mutants');
  return existsSync(folder) ? readdirSync(folder).filter((entry) => entry.startsWith(`${name}-`)) : [];
}

describe('mutants', () => {
  it('has one for every rule, each with a name of its own', () => {
    expect(new Set(mutants.map(({ rule }) => rule))).toEqual(new Set(Object.keys(rules)));
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  it('loads a changed copy and leaves nothing behind', () => {
    const mutant = { ...some, name: 'test-loads', from: 'Finagle', to: 'somebody' };
    expect(loadUpstreamDriver(mutant).name).toBe('UpstreamDriver');
    expect(loadUpstreamDriver(mutant)).not.toBe(loadUpstreamDriver(mutant));
    expect(leftOver('test-loads')).toEqual([]);
  });

  it.each([
    ['the source does not have', 'no such text'],
    ['occurs more than once', 'nowMs'],
  ])('refuses a text that %s', (_, from) => {
    expect(() => loadUpstreamDriver({ ...some, name: 'test-refuses', from })).toThrow(
      /changes a text that occurs \d+ times/,
    );
    expect(leftOver('test-refuses')).toEqual([]);
  });
});
