import type { Redis } from 'ioredis';

/** Waits for a connection that is being made. Rejects when that fails, and at once between two attempts. */
export async function ready(client: Redis): Promise<void> {
  if (client.status === 'ready') return;
  if (client.status !== 'connecting' && client.status !== 'connect') {
    throw new Error('Redis cannot be reached at present.');
  }
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = () => reject(new Error('Redis closed the connection.'));
  client.once('ready', resolve).once('error', reject).once('close', closed);
  try {
    await promise;
  } finally {
    client.off('ready', resolve).off('error', reject).off('close', closed);
  }
}
