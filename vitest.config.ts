import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // Tests that start a server process wait for it; on a busy machine that takes seconds.
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
