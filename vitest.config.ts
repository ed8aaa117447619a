import { defineConfig } from 'vitest/config';

const resolve = { conditions: ['polyreel-source'] };
const ssr = { resolve: { conditions: ['polyreel-source', 'node'] } };

export default defineConfig({
  test: {
    projects: [
      {
        resolve,
        ssr,
        // The specs take milliseconds; the Python tests beside them may keep all cores busy.
        test: { name: 'unit', include: ['{packages,apps}/*/src/**/*.spec.ts'], testTimeout: 30_000 },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'integration',
          include: ['{packages,apps}/*/test/**/*.integration.ts'],
          globalSetup: ['packages/devstack/test/services.setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['acceptance/**/*.acceptance.ts'],
          globalSetup: ['acceptance/platform.setup.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
