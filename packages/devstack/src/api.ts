import { join } from 'node:path';
import { application, type ApplicationOptions } from './application.js';
import { root } from './checkout.js';
import type { ProcessDefinition } from './process-definition.js';

export function api(options: ApplicationOptions & { host: string; port: number }): ProcessDefinition {
  const env = {
    HOST: options.host,
    PORT: String(options.port),
    SAMPLES_DIR: join(root, 'inference/samples'),
  };
  return application('api', { ...options, env, readySeconds: 60, stopSeconds: 5 });
}
