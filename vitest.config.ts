import { defineConfig } from 'vitest/config';

// `unit`: pure code and programs on loopback. `cluster`: on a real API server, started once for the run.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['operator/**/*.test.ts', 'test/simulator/**/*.test.ts'],
          exclude: ['**/*.cluster.test.ts', 'node_modules/**'],
          testTimeout: 20_000,
        },
      },
    ],
  },
});
