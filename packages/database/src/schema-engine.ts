import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { withUtcSession } from './connection-string.js';

const bindings = '@prisma/schema-engine-wasm/schema_engine_bg';

/**
 * Lets `work` use Prisma's schema engine, as WebAssembly, on one database.
 * Node cannot import its `.wasm` by name, so the module is instantiated here by hand.
 */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const { SchemaEngine, ...glue } = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(fileURLToPath(import.meta.resolve(bindings).replace(/\.js$/, '.wasm')));
  const { instance } = await WebAssembly.instantiate(wasm, {
    './schema_engine_bg.js': { SchemaEngine, ...glue },
  });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();

  const pool = new pg.Pool({
    connectionString: withUtcSession(databaseUrl),
    connectionTimeoutMillis: 10_000,
    application_name: 'polyreel-migrate',
  });
  // A broken connection shows in the statement that needs it.
  pool.on('error', () => undefined);
  try {
    const adapters = bindMigrationAwareSqlAdapterFactory(new PrismaPg(pool));
    const engine = await SchemaEngine.new({ datamodels: undefined }, () => undefined, adapters);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}
