import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Root of the repository: both `src` and `dist` lie three levels below it. */
export const root = resolve(import.meta.dirname, '../../..');

/**
 * A program the set-up installed into one of the Python environments.
 * @throws Error that says how to install it when it is missing.
 */
export function environmentProgram(environment: 'preview' | 'services', program: string): string {
  const path = join(root, '.venv', environment, 'bin', program);
  if (!existsSync(path)) {
    throw new Error(`${path} is missing. Install it with: npm run setup`);
  }
  return path;
}
