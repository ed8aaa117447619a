import { createHash, randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { connectDatabase, migrate, type Database } from '../src/index.js';
import { migrationNames, prismaFolder } from '../src/migration-files.js';

/** A database of one test file's own, migrated. */
export interface TestDatabase extends Database {
  readonly url: string;
  /** Closes the connections and drops the database, whoever is still connected. */
  drop(): Promise<void>;
}

/** Clones the migrated template, which the first caller makes; a clone takes a tenth of a second. */
export async function openTestDatabase(adminUrl: string): Promise<TestDatabase> {
  const name = `polyreel_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, async (admin) => {
    const template = await ensureTemplate(admin, adminUrl);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  const url = withDatabase(adminUrl, name);
  const database = connectDatabase(url, { applicationName: 'polyreel-test' });
  return {
    ...database,
    url,
    async drop() {
      await database.close();
      await dropDatabase(adminUrl, name);
    },
  };
}

/** A database without any table. */
export async function openEmptyDatabase(adminUrl: string): Promise<{ url: string; drop(): Promise<void> }> {
  const name = `polyreel_empty_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, (admin) => admin.query(`CREATE DATABASE ${name}`));
  return { url: withDatabase(adminUrl, name), drop: () => dropDatabase(adminUrl, name) };
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await asAdmin(adminUrl, (admin) => admin.query(`DROP DATABASE ${name} WITH (FORCE)`));
}

/** Named after the migrations' content, so that a changed migration makes another template. */
async function ensureTemplate(admin: pg.Client, adminUrl: string): Promise<string> {
  const hash = createHash('sha256');
  for (const migration of await migrationNames())
    hash.update(await readFile(join(prismaFolder, 'migrations', migration, 'migration.sql')));
  const template = `polyreel_template_${hash.digest('hex').slice(0, 16)}`;
  // Test files run in parallel processes; the lock goes with the admin's session.
  await admin.query(`SELECT pg_advisory_lock(hashtext('polyreel test template'))`);
  const { rowCount } = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (!rowCount) {
    const unfinished = `${template}_unfinished`;
    await admin.query(`DROP DATABASE IF EXISTS ${unfinished} WITH (FORCE)`);
    await admin.query(`CREATE DATABASE ${unfinished}`);
    await migrate(withDatabase(adminUrl, unfinished));
    await admin.query(`ALTER DATABASE ${unfinished} RENAME TO ${template}`);
  }
  return template;
}

async function asAdmin<T>(adminUrl: string, work: (admin: pg.Client) => Promise<T>): Promise<T> {
  const admin = new pg.Client({ connectionString: adminUrl });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

function withDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl);
  url.pathname = `/${name}`;
  return url.href;
}
