import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

/** A run of its own: `npm run test:pods`. */
export default defineConfig({
  test: {
    name: 'pods',
    root: resolve(import.meta.dirname, '../..'),
    include: ['test/pods/**/*.test.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    bail: 1,
  },
});
