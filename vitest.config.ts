import { defineConfig } from 'vitest/config';

// `unit`: pure code and programs on loopback. `cluster`: on a real API server, started once for the run.
export default defineConfig({
  test: {
    reporters: [process.env['CI'] === undefined ? 'default' : 'verbose', './test/count-reporter.ts'],
    projects: [
      {
        test: {
          name: 'unit',
          include: ['operator/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: ['**/*.cluster.test.ts', '**/node_modules/**'],
          testTimeout: 20_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['operator/**/*.cluster.test.ts', 'test/**/*.cluster.test.ts'],
          globalSetup: ['test/controlplane/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
