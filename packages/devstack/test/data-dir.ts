import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startTimeOf } from '../src/process-identity.js';
import type { ProcessRow } from '../src/process-table.js';

/** A data folder that is gone after the test, also when children of a killed server still write a moment longer. */
export async function temporaryDataDir(): Promise<string> {
  const dataDir = await mkdtemp(join(tmpdir(), 'polyreel-devstack-'));
  onTestFinished(() => rm(dataDir, { recursive: true, force: true, maxRetries: 10 }));
  return dataDir;
}

/** What `processes.json` says now. */
export async function processRows(dataDir: string): Promise<Map<string, ProcessRow>> {
  const rows = JSON.parse(await readFile(join(dataDir, 'run/processes.json'), 'utf8')) as ProcessRow[];
  return new Map(rows.map((row) => [row.name, row]));
}

/** Whether a process runs; one that has ended but was not asked for its exit code does not. */
export const isAlive = async (pid: number): Promise<boolean> => (await startTimeOf(pid)) !== undefined;

export async function aliveAmong(pids: readonly number[]): Promise<number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
}
