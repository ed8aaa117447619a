import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '@polyreel/config';
import { environmentProgram } from './checkout.js';
import { freePort } from './free-port.js';
import { exchange } from './probes.js';
import type { ProcessDefinition } from './process-definition.js';

export interface EmbeddedRedisOptions {
  /** Folder of the append-only file. */
  directory: string;
  password: string;
  /** False keeps everything in memory alone; for tests. */
  durable: boolean;
}

/** A Redis of our own on loopback that never evicts: BullMQ needs its keys to stay. */
export async function embeddedRedis(
  options: EmbeddedRedisOptions,
): Promise<{ definition: ProcessDefinition; url: string }> {
  const { directory, password } = options;
  const port = await freePort();
  const configuration = join(directory, 'redis.conf');
  return {
    url: `redis://:${password}@127.0.0.1:${port}`,
    definition: {
      name: 'redis',
      command: environmentProgram('services', 'redis-server'),
      args: [configuration],
      env: childEnvironment({}),
      port,
      prepare: async () => {
        await mkdir(directory, { recursive: true });
        // In a file, because arguments can be read by every user of the machine.
        await writeFile(configuration, redisConfiguration(options, port), { mode: 0o600 });
      },
      isReady: () =>
        exchange('127.0.0.1', port, `AUTH ${password}\r\nPING\r\n`, (reply) => reply.includes('+PONG')),
      readySeconds: 60,
      stopSignal: 'SIGTERM',
      stopSeconds: 5,
    },
  };
}

function redisConfiguration({ directory, password, durable }: EmbeddedRedisOptions, port: number): string {
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${JSON.stringify(directory)}`,
    `appendonly ${durable ? 'yes' : 'no'}`,
    'save ""',
    'maxmemory-policy noeviction',
    'daemonize no',
  ];
  return `${lines.join('\n')}\n`;
}
