import { resolve } from 'node:path';
import { defineConfig } from 'vitest/config';

// A tier of its own: it builds the image twice, which takes minutes.
export default defineConfig({
  root: resolve(import.meta.dirname, '../..'),
  test: {
    name: 'image',
    include: ['test/image/**/*.test.ts'],
    globalSetup: ['test/integration/setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 1_200_000,
  },
});
