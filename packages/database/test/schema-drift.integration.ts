import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { prismaFolder } from '../src/migration-files.js';
import { withSchemaEngine } from '../src/schema-engine.js';
import { openEmptyDatabase, openTestDatabase } from './test-database.js';

/*
 * The schema engine cannot introspect through the driver adapter (it lacks the
 * type "char" of the catalog of foreign keys). So the tables it would make of
 * schema.prisma are made beside the migrated ones, and Postgres compares.
 */
const catalog = `
  SELECT 'column' AS what, table_name AS "table", column_name AS name,
    concat_ws(' ', data_type, datetime_precision, 'null ' || is_nullable, column_default) AS definition
  FROM information_schema.columns WHERE table_schema = 'public'
  UNION ALL
  SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('p', 'u', 'f')
  UNION ALL
  SELECT 'index', tablename, indexname, indexdef
  FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE '% WHERE %'
  ORDER BY 1, 2, 3`;

let migrated: Awaited<ReturnType<typeof openTestDatabase>>;
let modelled: Awaited<ReturnType<typeof openEmptyDatabase>>;
beforeAll(async () => {
  migrated = await openTestDatabase(inject('databaseUrl'));
  modelled = await openEmptyDatabase(inject('databaseUrl'));
});
afterAll(async () => {
  await migrated.drop();
  await modelled.drop();
});

async function query(url: string, sql: string): Promise<{ table: string }[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<{ table: string }>(sql)).rows;
  } finally {
    await client.end();
  }
}

it('has the migrations make what schema.prisma says', async () => {
  const content = await readFile(join(prismaFolder, 'schema.prisma'), 'utf8');
  const { stdout } = await withSchemaEngine(modelled.url, (engine) =>
    engine.diff({
      from: { tag: 'empty' },
      to: { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    }),
  );
  await query(modelled.url, stdout ?? '');
  const expected = await query(modelled.url, catalog);
  const found = (await query(migrated.url, catalog)).filter(({ table }) => table !== '_prisma_migrations');
  expect(expected.length).toBeGreaterThan(80);
  expect(found).toEqual(expected);
});
