import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,systems,tools,simulations,bench}/**/*.test.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    // Tests start processes of their own: more workers would make the slowest of them miss deadlines.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
  },
});
