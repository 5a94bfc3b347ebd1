import path from 'node:path';
import { serverNames } from '../../test/servers.ts';
import type { Rule } from '../finding.ts';
import { isTest } from '../layout.ts';
import type { Source } from '../source.ts';
import type { Tree } from '../tree.ts';

/**
 * A test that needs a server says so in its name, `store.redis.test.ts`, and no other test does: it is left
 * out where the server is missing. What needs the server is a module called `testing/redis...`, whoever
 * imports it, and what is only for tests and imports the client library itself.
 */
export const neededServer: Rule = {
  name: 'needed-server',
  *check(tree) {
    for (const server of serverNames) {
      const needing = needingFiles(tree, server);
      for (const { path: file } of tree.sources) {
        if (!file.endsWith('.test.ts')) continue;
        const isNamed = file.endsWith(`.${server}.test.ts`);
        if (needing.has(file) === isNamed) continue;
        const sentence = isNamed
          ? `It imports nothing that needs ${server}: leave that out of its name.`
          : `It needs ${server}: call it ${plainName(file)}.${server}.test.ts.`;
        yield { file, line: 1, sentence };
      }
    }
  },
};

/** What only tests use and needs the server, by itself or by what it imports. */
function needingFiles(tree: Tree, server: string): ReadonlySet<string> {
  const tests = tree.sources.filter(({ path: file }) => isTest(file));
  const needing = new Set(
    tests.filter((source) => usesServer(source, server)).map((source) => source.path),
  );
  for (let before = -1; before < needing.size; ) {
    before = needing.size;
    for (const source of tests) if (importsOneOf(source, needing)) needing.add(source.path);
  }
  return needing;
}

function usesServer({ path: file, imports }: Source, server: string): boolean {
  const isNamed = path.posix.basename(file).startsWith(server) && /\/testing\/[^/]+$/.test(file);
  return isNamed || imports.some(({ target }) => target.kind === 'package' && target.name === server);
}

function importsOneOf({ imports }: Source, files: ReadonlySet<string>): boolean {
  return imports.some(
    ({ target, typeOnly }) => !typeOnly && target.kind === 'file' && files.has(target.path),
  );
}

/** `store` for `a/store.test.ts`. */
function plainName(file: string): string {
  return path.posix.basename(file, '.test.ts');
}
