import type { MediaSource } from '@polyreel/core';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { GuardedMediaIntake, type GuardedMediaIntakeOptions } from '../src/index.js';

/** An intake with small limits and a spool folder inside `folder`. */
export function intakeIn(
  folder: string,
  options: Partial<GuardedMediaIntakeOptions> = {},
): { intake: GuardedMediaIntake; spooled(): Promise<string[]> } {
  const spoolDir = join(folder, 'spool');
  const intake = new GuardedMediaIntake({
    spoolDir,
    allowHosts: [],
    ...options,
    limits: { bytes: 8_000_000, seconds: 60, pixels: 4_000_000, fetchTimeoutSeconds: 10, ...options.limits },
  });
  return { intake, spooled: () => readdir(spoolDir).catch(() => []) };
}

export const upload = (content: Uint8Array, fileName?: string): MediaSource => ({
  type: 'stream',
  content: pieces(content),
  ...(fileName === undefined ? {} : { fileName }),
});

async function* pieces(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
}
