import { join } from 'node:path';
import { childEnvironment } from '@polyreel/config';
import { environmentProgram, root } from './checkout.js';
import { freePort } from './free-port.js';
import { acceptsConnections } from './probes.js';
import type { ProcessDefinition } from './process-definition.js';

/** The engine that needs neither a GPU nor weights; `address` is its gRPC address. */
export async function previewEngine(
  dataDir: string,
): Promise<{ definition: ProcessDefinition; address: string }> {
  const host = '127.0.0.1';
  const port = await freePort(host);
  return {
    address: `${host}:${port}`,
    definition: {
      name: 'engine',
      command: environmentProgram('preview', 'python'),
      args: [
        ...['-m', 'polyreel_inference', 'serve', 'preview'],
        ...['--host', host, '--port', String(port)],
        ...['--workspace-dir', join(dataDir, 'engine')],
        ...['--drain-seconds', '2', '--exit-with-parent'],
      ],
      // PYTHON* variables could bring in another interpreter's packages.
      env: childEnvironment({ PYTHONPATH: undefined, PYTHONHOME: undefined, PYTHONUNBUFFERED: '1' }),
      cwd: join(root, 'inference'),
      port,
      isReady: () => acceptsConnections(host, port),
      readySeconds: 120,
      stopSignal: 'SIGTERM',
      stopSeconds: 5,
    },
  };
}
