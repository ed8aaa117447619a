import { PrismaPg } from '@prisma/adapter-pg';
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { withUtcSession } from './connection-string.js';

/**
 * Prisma's schema engine as WebAssembly, bound to one database. Node cannot
 * import its `.wasm` by name, so the module is instantiated here by hand.
 * Costs about 0.3 s; free it after use.
 */
export async function openSchemaEngine(databaseUrl: string): Promise<SchemaEngine> {
  const engine = await import('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasmFile = import.meta
    .resolve('@prisma/schema-engine-wasm/schema_engine_bg')
    .replace(/\.js$/, '.wasm');
  const module = await WebAssembly.instantiate(await readFile(fileURLToPath(wasmFile)), {
    './schema_engine_bg.js': engine as unknown as WebAssembly.ModuleImports,
  });
  const { exports } = module.instance;
  engine.__wbg_set_wasm(exports);
  (exports.__wbindgen_start as () => void)();
  const adapters = bindMigrationAwareSqlAdapterFactory(
    new PrismaPg({ connectionString: withUtcSession(databaseUrl), max: 1 }),
  );
  return engine.SchemaEngine.new({ datamodels: undefined }, () => undefined, adapters);
}
