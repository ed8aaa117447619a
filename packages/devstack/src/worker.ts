import { application, type ApplicationOptions } from './application.js';
import { silentEngines } from './foreign-engines.js';
import { freePort } from './free-port.js';
import { answers } from './probes.js';
import type { ProcessDefinition } from './process-definition.js';

/** @param options.mayBeAway the engines are the operator's: when none answers yet, jobs wait for them, but not the stack */
export async function worker(
  options: ApplicationOptions & { engines: readonly string[]; mayBeAway: boolean },
): Promise<ProcessDefinition> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  const env = {
    WORKER_HOST: host,
    WORKER_PORT: String(port),
    ENGINES: options.engines.join(','),
    // A person waits at Ctrl-C; what is cut off runs again at the next start.
    DRAIN_SECONDS: '2',
  };
  // It is ready once an engine is, and the preview engine may take two minutes.
  const definition = application('worker', {
    ...options,
    host,
    port,
    env,
    readySeconds: 150,
    stopSeconds: 6,
  });
  if (!options.mayBeAway) return definition;
  const allAway = async () => (await silentEngines(options.engines)).length === options.engines.length;
  const live = () => answers(`http://${host}:${port}/health/live`, (status) => status === 200);
  return {
    ...definition,
    isReady: async (pid) => (await definition.isReady(pid)) || ((await live()) && (await allAway())),
  };
}
