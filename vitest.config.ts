import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,systems,tools,simulations,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    // Tests start processes of their own: more workers would make the slowest of them miss deadlines.
    maxWorkers: 2,
    // On a machine that does other things as well; whoever waits less says so.
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
