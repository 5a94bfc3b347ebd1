import { expect, it } from 'vitest';
import { defineConfig, defineSystem } from './index.ts';

const main = new URL('file:///main.ts');

// What the compiler refuses is the test; a line that no longer fails to compile breaks the type check.
it('lets the compiler find a service that does not exist', () => {
  const system = defineSystem({
    name: 'pair',
    services: { 'echo-a': { main, port: 1 }, 'echo-b': { main, port: 2 } },
    // @ts-expect-error no such service
    routes: [{ prefix: '/c', service: 'echo-c' }],
  });
  const other = defineSystem({ name: 'other', services: { c: { main, port: 3 } } });
  const config = defineConfig({
    systems: [system, other],
    services: {
      'echo-a': { instances: 2 },
      c: { port: 5 },
      // @ts-expect-error no such service
      'echo-q': { instances: 2 },
    },
  });
  expect(config.systems).toEqual([system, other]);
});
