import pg from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { migrate } from '../src/index.js';
import { migrationNames } from '../src/migration-files.js';
import { openEmptyDatabase } from './test-database.js';

let database: Awaited<ReturnType<typeof openEmptyDatabase>>;
beforeEach(async () => {
  database = await openEmptyDatabase(inject('databaseUrl'));
});
afterEach(() => database.drop());

async function query<Row extends object>(sql: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query<Row>(sql)).rows;
  } finally {
    await client.end();
  }
}

it('applies every migration once, however many processes start at the same time', async () => {
  const applied = await Promise.all(Array.from({ length: 4 }, () => migrate(database.url)));
  expect(applied.flat()).toEqual(await migrationNames());
  expect(await migrate(database.url)).toEqual([]);
});

it("keeps the books of Prisma's own tools", async () => {
  await migrate(database.url);
  const rows = await query<{ migration_name: string; checksum: string; applied_steps_count: number }>(
    'SELECT * FROM _prisma_migrations ORDER BY migration_name',
  );
  expect(rows.map(({ migration_name }) => migration_name)).toEqual(await migrationNames());
  for (const row of rows) {
    expect(row.checksum).toMatch(/^[0-9a-f]{64}$/);
    expect(row.applied_steps_count).toBe(1);
  }
});

it('works beside a newer program, whose migrations it does not know', async () => {
  await migrate(database.url);
  await query(
    `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count)
     VALUES ('x', '', now(), '29990101000000_future', 1)`,
  );
  expect(await migrate(database.url)).toEqual([]);
});

it('says what is wrong with a database that already holds other tables', async () => {
  await query('CREATE TABLE task (id int)');
  await expect(migrate(database.url)).rejects.toThrow(/not empty/);
  expect(await query('SELECT to_regclass($$asset$$)::text AS name')).toEqual([{ name: null }]);
});
