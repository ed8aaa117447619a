import type { MigrationList } from '@prisma/schema-engine-wasm';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with `schema.prisma` and the migrations; at the same distance from `src` and from `dist`. */
export const prismaFolder = fileURLToPath(new URL('../../../prisma/', import.meta.url));

const migrationsFolder = join(prismaFolder, 'migrations');

/** Names of the migrations this program knows, oldest first. */
export async function migrationNames(): Promise<string[]> {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** The migrations with their SQL, as the schema engine wants them. */
export async function readMigrations(): Promise<MigrationList> {
  const lockFile = 'migration_lock.toml';
  const names = await migrationNames();
  return {
    baseDir: migrationsFolder,
    lockfile: { path: lockFile, content: await readFile(join(migrationsFolder, lockFile), 'utf8') },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (name) => ({
        path: name,
        migrationFile: {
          path: 'migration.sql',
          content: {
            tag: 'ok' as const,
            value: await readFile(join(migrationsFolder, name, 'migration.sql'), 'utf8'),
          },
        },
      })),
    ),
  };
}
