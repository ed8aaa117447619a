import { IsNotEmpty } from 'class-validator';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Variable } from './variable.js';

/** Folder for files that must be seekable for a moment; made when missing, safe to wipe between runs. */
export function SpoolDirectory(): PropertyDecorator {
  return (target, property) => {
    const options = { allowed: 'a folder', parse: (text: string) => resolve(text) };
    Variable('SPOOL_DIR', { ...options, fallback: join(tmpdir(), 'polyreel') })(target, property);
    IsNotEmpty()(target, property);
  };
}
