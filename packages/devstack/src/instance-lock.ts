import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { startTimeOf, stillRuns } from './process-identity.js';

interface Holder {
  pid: number;
  startTime: string;
}

/** Lets one launcher at a time use a data folder; a lock whose holder died is taken over. */
export class InstanceLock {
  private constructor(private readonly path: string) {}

  /** @throws Error that names the holder when another launcher uses the folder. */
  static async acquire(path: string, dataDir: string): Promise<InstanceLock> {
    const startTime = (await startTimeOf(process.pid)) ?? '';
    const own = `${path}.${process.pid}`;
    writeFileSync(own, JSON.stringify({ pid: process.pid, startTime } satisfies Holder), { mode: 0o600 });
    try {
      // Linking is atomic: whoever makes the name first holds the lock.
      while (!tryLink(own, path)) {
        const seen = read(path);
        const holder = parse(seen);
        if (holder && (await stillRuns(holder.pid, holder.startTime))) throw inUse(dataDir, holder.pid);
        discard(path, seen);
      }
    } finally {
      rmSync(own, { force: true });
    }
    return new InstanceLock(path);
  }

  release(): void {
    rmSync(this.path, { force: true });
  }
}

const inUse = (dataDir: string, pid: number) =>
  new Error(
    `Another Polyreel (process ${pid}) already uses ${dataDir}.\n` +
      `Stop it first, or run a second one beside it: npm start -- --port 8081 --data-dir .polyreel/second`,
  );

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Takes a dead holder's lock away, unless someone quicker has replaced it by a live one. */
function discard(path: string, seen: string | undefined): void {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== seen) tryLink(aside, path);
  rmSync(aside, { force: true });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function parse(text: string | undefined): Holder | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Holder);
  } catch {
    return undefined;
  }
}
