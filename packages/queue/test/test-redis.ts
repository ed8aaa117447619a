import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject } from 'vitest';

/** The Redis of the test run. Another number than 0 keeps a FLUSHDB away from other suites. */
export function redisUrl(database = 0): string {
  return `${inject('redisUrl')}/${database}`;
}

/** A prefix nobody else uses. */
export const freshPrefix = () => `test-${randomUUID()}`;

/** Empties one database of the Redis. */
export async function flush(database: number): Promise<void> {
  const client = new Redis(redisUrl(database));
  await client.flushdb();
  client.disconnect();
}
