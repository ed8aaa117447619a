import { PrismaPg } from '@prisma/adapter-pg';
import { withUtcSession } from './connection-string.js';
import { PrismaClient } from './generated/client.js';

export interface DatabaseOptions {
  /** Shown in pg_stat_activity: which process this is. */
  readonly applicationName: string;
  /** Most connections held at once. Absent: 10. */
  readonly poolSize?: number;
  /** Milliseconds to wait for a connection, free or new. Absent: 5,000. */
  readonly connectionTimeout?: number;
  /** Milliseconds a statement may run, on the server and seen from here. Absent: 15,000. */
  readonly statementTimeout?: number;
  /** Told about connections that broke while nobody used them; the pool replaces them by itself. Absent: nobody. */
  readonly onConnectionError?: (error: Error) => void;
}

export interface Database {
  readonly prisma: PrismaClient;
  /** @throws when the database does not answer in time */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Opens no connection yet; the first statement does. After a restart of Postgres the next statements simply work. */
export function connectDatabase(databaseUrl: string, options: DatabaseOptions): Database {
  const connectionTimeout = options.connectionTimeout ?? 5_000;
  const statementTimeout = options.statementTimeout ?? 15_000;
  const onError = options.onConnectionError ?? (() => undefined);
  const adapter = new PrismaPg(
    {
      connectionString: withUtcSession(databaseUrl),
      application_name: options.applicationName,
      max: options.poolSize ?? 10,
      connectionTimeoutMillis: connectionTimeout,
      idleTimeoutMillis: 30_000,
      statement_timeout: statementTimeout,
      // A server that has vanished without a word is noticed a little after a slow one.
      query_timeout: statementTimeout + 1_000,
      // A process frozen in the middle of a transaction must not hold its locks for ever.
      idle_in_transaction_session_timeout: statementTimeout,
      keepAlive: true,
    },
    { onPoolError: onError, onConnectionError: onError },
  );
  const prisma = new PrismaClient({
    adapter,
    transactionOptions: { maxWait: connectionTimeout, timeout: statementTimeout },
  });
  return {
    prisma,
    async ping() {
      await prisma.$queryRaw`SELECT 1`;
    },
    close: () => prisma.$disconnect(),
  };
}
