import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { withUtcSession } from './connection-string.js';
import { wholeScriptAdapter } from './whole-script-adapter.js';

type SchemaEngineClass = typeof SchemaEngine;

let loading: Promise<SchemaEngineClass> | undefined;

/**
 * Node cannot import the package's `.wasm` by name, so the module is instantiated
 * here by hand; once, since its glue code knows a single instance.
 */
async function load(): Promise<SchemaEngineClass> {
  const glue = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const glueFile = import.meta.resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await readFile(fileURLToPath(glueFile.replace(/\.js$/, '.wasm')));
  const { instance } = await WebAssembly.instantiate(wasm, { './schema_engine_bg.js': glue });
  glue.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return glue.SchemaEngine;
}

/** Lets `work` use Prisma's schema engine, as WebAssembly, on one database. */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  const engineClass = await (loading ??= load());
  const pool = new pg.Pool({
    connectionString: withUtcSession(databaseUrl),
    connectionTimeoutMillis: 10_000,
    application_name: 'polyreel-migrate',
  });
  // A broken connection shows in the statement that needs it.
  pool.on('error', () => undefined);
  try {
    const adapters = bindMigrationAwareSqlAdapterFactory(wholeScriptAdapter(pool));
    const engine = await engineClass.new({ datamodels: undefined }, () => undefined, adapters);
    try {
      return await work(engine);
    } finally {
      engine.free();
    }
  } finally {
    await pool.end();
  }
}
