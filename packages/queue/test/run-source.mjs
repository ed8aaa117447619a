// Runs a TypeScript entry of this package from its source: node run-source.mjs <entry> [arguments...]
import { resolve } from 'node:path';
import { runnerImport } from 'vite';

const [entry] = process.argv.splice(2, 1);
await runnerImport(resolve(import.meta.dirname, entry), {
  configFile: false,
  logLevel: 'error',
  ssr: { resolve: { conditions: ['polyreel-source', 'node'] } },
});
