import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { stillRuns } from './process-identity.js';

export interface ProcessRow {
  name: string;
  pid: number;
  port: number;
  /** See `startTimeOf`; empty in the first moments of a process. */
  startTime: string;
  stopSignal: NodeJS.Signals;
}

/** The children that run now, in `<data-dir>/run/processes.json`, for people, tests and the next start. */
export class ProcessTable {
  private readonly rows = new Map<string, ProcessRow>();

  constructor(private readonly path: string) {}

  add(row: ProcessRow): void {
    this.rows.set(row.name, row);
    this.write();
  }

  /** Completes a row once the start time is known, unless another process has taken its place. */
  identify(name: string, pid: number, startTime: string): void {
    const row = this.rows.get(name);
    if (row?.pid === pid) this.add({ ...row, startTime });
  }

  remove(name: string): void {
    if (this.rows.delete(name)) this.write();
  }

  /** Written beside and renamed, so a reader never sees half a file. */
  private write(): void {
    const part = `${this.path}.part`;
    writeFileSync(part, `${JSON.stringify([...this.rows.values()], null, 2)}\n`, { mode: 0o600 });
    renameSync(part, this.path);
  }

  /** Stops what an earlier launcher left behind after a violent death; returns the names of those stopped. */
  static async stopLeftovers(path: string, graceSeconds = 5): Promise<string[]> {
    const stopped: string[] = [];
    const leftovers = readRows(path).reverse();
    for (const row of leftovers) {
      if (await stopOne(row, graceSeconds)) stopped.push(row.name);
    }
    return stopped;
  }
}

function readRows(path: string): ProcessRow[] {
  try {
    const rows: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return Array.isArray(rows) ? (rows as ProcessRow[]) : [];
  } catch {
    // No file, or one cut off by a full disk: nothing that could be stopped safely.
    return [];
  }
}

async function stopOne(row: ProcessRow, graceSeconds: number): Promise<boolean> {
  if (!(await stillRuns(row.pid, row.startTime))) return false;
  signal(row.pid, row.stopSignal);
  const end = Date.now() + graceSeconds * 1000;
  while (await stillRuns(row.pid, row.startTime)) {
    if (Date.now() > end) signal(row.pid, 'SIGKILL');
    await delay(50);
  }
  return true;
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}
