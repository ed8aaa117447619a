import { application, type ApplicationOptions } from './application.js';
import { freePort } from './free-port.js';
import type { ProcessDefinition } from './process-definition.js';

export async function worker(
  options: ApplicationOptions & { engines: readonly string[] },
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
  return application('worker', { ...options, host, port, env, stopSeconds: 6 });
}
