import { join } from 'node:path';
import { api } from './api.js';
import { reachable } from './application.js';
import { startEmbeddedServices, type ForeignServices } from './embedded-services.js';
import { previewEngine } from './preview-engine.js';
import type { Supervisor } from './supervisor.js';
import { worker } from './worker.js';

export interface StackOptions {
  host: string;
  port: number;
  foreign: ForeignServices;
  /** gRPC addresses that replace the preview engine; absent means the preview engine. */
  engines?: readonly string[];
}

/** First those who give work, then those who do it, then what both stand on. */
export const stopOrder = [['api'], ['worker'], ['engine', 's3', 'redis']];

/** Starts everything that is not foreign; resolves with the API's address when all of it is ready. */
export async function startStack(supervisor: Supervisor, options: StackOptions): Promise<string> {
  const { dataDir } = supervisor;
  // The engine takes seconds to import its libraries and nobody needs it to start, so nothing waits for it here.
  const engine = options.engines ? undefined : await previewEngine(dataDir);
  const engineReady = engine ? supervisor.start(engine.definition) : Promise.resolve();
  const rest = startEmbeddedServices(supervisor, { durable: true, foreign: options.foreign }).then(
    async (services) => {
      const shared = { services, spoolDir: join(dataDir, 'spool') };
      const engines = options.engines ?? (engine ? [engine.address] : []);
      await Promise.all([
        supervisor.start(await worker({ ...shared, engines, mayBeAway: !engine })),
        supervisor.start(api({ ...shared, host: options.host, port: options.port })),
      ]);
    },
  );
  await Promise.all([engineReady, rest]);
  return `http://${reachable(options.host)}:${options.port}`;
}
