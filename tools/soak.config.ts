import path from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run soak`: the long tests on real processes, one at a time so that they measure only themselves. */
export default defineConfig({
  test: {
    root: path.resolve(import.meta.dirname, '..'),
    include: ['{src,systems,simulations}/**/*.soak.ts'],
    exclude: ['**/node_modules/**'],
    pool: 'forks',
    fileParallelism: false,
    testTimeout: 15 * 60_000,
    hookTimeout: 60_000,
  },
});
