import { defineConfig } from 'vitest/config';

// Tests that start server processes wait for them; on a busy machine that takes seconds.
const timeouts = { testTimeout: 30_000, hookTimeout: 30_000 };

export default defineConfig({
  test: {
    globalSetup: 'src/testing/global-setup.ts',
    maxWorkers: 2, // the tests of server processes wait more than they work
    projects: [
      { test: { name: 'unit', include: ['{src,bench,examples}/**/*.test.ts'], ...timeouts } },
      { test: { name: 'browser', include: ['src/**/*.browser.ts'], ...timeouts } },
      { test: { name: 'soak', include: ['src/**/*.soak.ts'], testTimeout: 600_000, fileParallelism: false } },
    ],
  },
});
