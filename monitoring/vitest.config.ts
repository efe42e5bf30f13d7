import { defineConfig } from 'vitest/config';

/** The rules against real Prometheus and Alertmanager, which must be installed (docs/monitoring.md). */
export default defineConfig({
  test: {
    include: ['monitoring/test/**/*.test.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    expect: { poll: { timeout: 120_000, interval: 250 } },
  },
});
