import { Redis, type RedisOptions } from 'ioredis';

/** Told about every trouble with Redis; must not throw. The process goes on without Redis. */
export type OnRedisError = (error: Error) => void;

/** Reconnects for ever, at most 2 s apart. */
const retryStrategy = (times: number): number => Math.min(100 * times, 2_000);

/** For what a request waits for: answers or fails within about 2 seconds, never queues while disconnected. */
export const producerOptions: RedisOptions = {
  retryStrategy,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 2_000,
  commandTimeout: 2_000,
  socketTimeout: 10_000,
};

/** For what runs in the background: commands wait until Redis is back. */
export const consumerOptions: RedisOptions = {
  retryStrategy,
  maxRetriesPerRequest: null,
  connectTimeout: 5_000,
  // Longer than any blocking command, so that only a dead connection is torn down.
  socketTimeout: 30_000,
};

/** A client that never crashes the process: its errors go to `onError`. */
export function connect(url: string, options: RedisOptions, onError: OnRedisError): Redis {
  const client = new Redis(url, options);
  client.on('error', onError);
  // Any number of calls may wait for the same connection.
  client.setMaxListeners(0);
  return client;
}
