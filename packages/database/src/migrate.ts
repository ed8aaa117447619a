import pg from 'pg';
import { withUtcSession } from './connection-string.js';
import { migrationNames, readMigrations } from './migration-files.js';
import { withSchemaEngine } from './schema-engine.js';

/** Not the number Prisma's own tools lock with: the schema engine may take that one itself. */
const migrationLock = 7_265_190_331;

/**
 * Brings the database to the schema of this program. Any number of processes
 * may call it at once: one works, the others wait and find nothing left to do.
 * When nothing is to be done it costs two small queries. Migrations of a newer
 * program are left alone, so an older one keeps running beside it.
 * Keeps Prisma's books (`_prisma_migrations`): `prisma migrate deploy` can take over at any time.
 * @returns names of the migrations applied now, oldest first
 * @throws when the database cannot be reached, or a migration fails or had failed before; the text says which
 */
export async function migrate(databaseUrl: string): Promise<readonly string[]> {
  const client = new pg.Client({
    connectionString: withUtcSession(databaseUrl),
    connectionTimeoutMillis: 10_000,
    application_name: 'polyreel-migrate',
  });
  // A broken connection shows in the query that needs it.
  client.on('error', () => undefined);
  await client.connect();
  try {
    await checkVersion(client);
    if (await isUpToDate(client)) return [];
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    if (await isUpToDate(client)) return [];
    return await applyMigrations(databaseUrl);
  } finally {
    // Ends the session, and the lock with it.
    await client.end();
  }
}

/** Older servers lack `idle_session_timeout`, without which a frozen leader would keep its lock for ever. */
async function checkVersion(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ version: string; number: number }>(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int AS number`,
  );
  if (rows[0] && rows[0].number < 140_000)
    throw new Error(`Postgres 14 or newer is needed, but the server is ${rows[0].version}. Upgrade it.`);
}

async function isUpToDate(client: pg.Client): Promise<boolean> {
  const table = await client.query<{ name: string | null }>(
    `SELECT to_regclass('_prisma_migrations')::text AS name`,
  );
  if (!table.rows[0]?.name) return false;
  const applied = await client.query<{ migration_name: string }>(
    'SELECT migration_name FROM _prisma_migrations WHERE finished_at IS NOT NULL AND rolled_back_at IS NULL',
  );
  const done = new Set(applied.rows.map((row) => row.migration_name));
  return (await migrationNames()).every((name) => done.has(name));
}

function applyMigrations(databaseUrl: string): Promise<readonly string[]> {
  return withSchemaEngine(databaseUrl, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({
      migrationsList: await readMigrations(),
      filters: { externalTables: [], externalEnums: [] },
    });
    return appliedMigrationNames;
  });
}
