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
        test: {
          name: 'unit',
          include: ['{packages,apps}/*/src/**/*.spec.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'integration',
          include: ['{packages,apps}/*/test/**/*.integration.ts'],
          globalSetup: ['packages/devstack/test/services.setup.ts'],
          // Limits end what hangs. They measure nothing, so they leave room for a busy machine.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 60_000 } },
          maxWorkers: 2,
        },
      },
      {
        test: {
          name: 'acceptance',
          include: ['acceptance/**/*.acceptance.ts'],
          globalSetup: ['acceptance/platform.setup.ts'],
          // A proxy of the person at the keyboard does not lead to this machine; curl and Python's clients would ask it.
          env: { NO_PROXY: '127.0.0.1,localhost', no_proxy: '127.0.0.1,localhost' },
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
