import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { withUtcSession } from './connection-string.js';

/** A connection of its own, outside the pool, for what lives as long as a session does: locks and listening. */
export interface Session {
  readonly client: pg.Client;
  /** Fires when the connection has ended, for whatever reason. */
  readonly lost: AbortSignal;
}

/**
 * @param queryTimeout milliseconds after which an unanswered query fails
 * @throws when the server cannot be reached within 5 s
 */
export async function openSession(
  databaseUrl: string,
  applicationName: string,
  queryTimeout = 5_000,
): Promise<Session> {
  const client = new pg.Client({
    connectionString: withUtcSession(databaseUrl),
    application_name: applicationName,
    connectionTimeoutMillis: 5_000,
    query_timeout: queryTimeout,
    keepAlive: true,
  });
  const ended = new AbortController();
  client.on('error', () => ended.abort());
  client.on('end', () => ended.abort());
  try {
    await client.connect();
  } catch (error) {
    await closeSession({ client, lost: ended.signal });
    throw error;
  }
  return { client, lost: ended.signal };
}

/** Never throws and never waits for a server that no longer answers. */
export async function closeSession({ client }: Session): Promise<void> {
  await Promise.race([client.end().catch(() => undefined), sleep(1_000, undefined, { ref: false })]);
}
