import { defineConfig } from 'vitest/config';

/** What needs no server, no network and no clock of its own: the decisions, and what people type and read. */
const CORE = ['test/domain/**/*.test.ts', 'test/bot/**/*.test.ts', 'test/settings/**/*.test.ts'];

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Two cores: more workers only wait for each other.
    maxWorkers: 2,
    // A loaded machine may take its time; a test that waits for an event still ends the moment it comes.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      { extends: true, test: { name: 'core', include: CORE } },
      {
        extends: true,
        test: {
          name: 'whole',
          include: ['test/**/*.test.ts', 'packages/*/test/**/*.test.ts'],
          exclude: CORE,
          globalSetup: ['test/harness/server.ts'],
        },
      },
    ],
  },
});
