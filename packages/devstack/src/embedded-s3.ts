import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { childEnvironment } from '@polyreel/config';
import { environmentProgram } from './checkout.js';
import { freePort } from './free-port.js';
import { answers } from './probes.js';
import type { ProcessDefinition } from './process-definition.js';

export interface EmbeddedS3Options {
  /** Holds one folder per bucket, the objects as plain files in it. */
  directory: string;
  accessKeyId: string;
  secretAccessKey: string;
}

/** What a client of the embedded store needs to know. */
export interface EmbeddedS3Access {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  forcePathStyle: boolean;
}

const bucket = 'polyreel';

/** An S3 server of our own on loopback; unsigned requests are refused. */
export async function embeddedS3(
  options: EmbeddedS3Options,
): Promise<{ definition: ProcessDefinition; access: EmbeddedS3Access }> {
  const { directory, accessKeyId, secretAccessKey } = options;
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  return {
    access: { endpoint, region: 'us-east-1', bucket, accessKeyId, secretAccessKey, forcePathStyle: true },
    definition: {
      name: 's3',
      command: environmentProgram('services', 'rclone'),
      args: [
        ...['serve', 's3', '--addr', `127.0.0.1:${port}`],
        // Signed requests carry long headers; the server's own limit of 4 KiB is too tight for them.
        ...['--max-header-bytes', '65536'],
        // Files put into or taken from the folder by hand are seen at once, not after five minutes.
        ...['--dir-cache-time', '1s'],
        directory,
      ],
      env: rcloneEnvironment(options),
      port,
      prepare: async () => {
        await mkdir(join(directory, bucket), { recursive: true });
      },
      isReady: () => answers(endpoint, () => true),
      readySeconds: 30,
      stopSignal: 'SIGTERM',
      stopSeconds: 5,
    },
  };
}

/** RCLONE_* variables and the configuration of the user would change what the server does. */
function rcloneEnvironment({ accessKeyId, secretAccessKey }: EmbeddedS3Options): Record<string, string> {
  const inherited = Object.entries(childEnvironment({})).filter(([name]) => !name.startsWith('RCLONE_'));
  return {
    ...Object.fromEntries(inherited),
    RCLONE_CONFIG: '/dev/null',
    // In the environment, because arguments can be read by every user; the value is one field of a CSV list.
    RCLONE_AUTH_KEY: `"${accessKeyId},${secretAccessKey}"`,
  };
}
