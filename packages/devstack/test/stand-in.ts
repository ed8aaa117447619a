import { freePort } from '../src/free-port.js';
import { answers } from '../src/probes.js';
import type { ProcessDefinition } from '../src/process-definition.js';

const server = (port: number, extra: string) =>
  `require('node:http').createServer((_, reply) => reply.end('ok')).listen(${port}, '127.0.0.1');${extra}`;

/** A small HTTP server in place of a real part; `extra` is code it runs besides. */
export async function standIn(
  name: string,
  extra = '',
  changes: Partial<ProcessDefinition> = {},
): Promise<ProcessDefinition> {
  const port = await freePort();
  return {
    name,
    command: process.execPath,
    args: ['-e', server(port, extra)],
    env: {},
    port,
    isReady: () => answers(`http://127.0.0.1:${port}/`, (status) => status === 200),
    readySeconds: 60,
    stopSignal: 'SIGTERM',
    stopSeconds: 30,
    ...changes,
  };
}
