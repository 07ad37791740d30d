import { defineConfig } from 'vitest/config';

/** On a busy machine, starting a server process takes seconds. */
const timeouts = { testTimeout: 30_000, hookTimeout: 30_000, expect: { poll: { timeout: 20_000 } } };

/** They replace `node:timers/promises` for the modules that they test. */
const withMockedTimers = [
  'src/processing/{execute-run,processor,remote-run,retention}.test.ts',
  'src/llm/retry.test.ts',
];

export default defineConfig({
  test: {
    globalSetup: 'src/testing/global-setup.ts',
    maxWorkers: 6, // tests of server processes wait more than they compute
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['src/testing/**', 'src/**/*.{test,soak,browser}.ts'],
      reporter: ['text'],
    },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,bench,examples}/**/*.test.ts'],
          exclude: withMockedTimers,
          isolate: false, // importing all modules again for each file takes a third of the time
          ...timeouts,
        },
      },
      { test: { name: 'unit-isolated', include: withMockedTimers, ...timeouts } },
      { test: { name: 'browser', include: ['src/**/*.browser.ts'], ...timeouts } },
      {
        test: {
          name: 'soak',
          include: ['src/**/*.soak.ts'],
          ...timeouts,
          testTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
