import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { childEnvironment } from '@polyreel/config';
import { root } from './checkout.js';

/** A small process that outlives the launcher just long enough to stop what the launcher could not. */
export class Guard {
  private constructor(private readonly child: ChildProcess) {}

  static start(): Guard {
    const script = join(root, 'packages/devstack/guard/guard.mjs');
    const child = spawn(process.execPath, [script], {
      stdio: ['pipe', 'ignore', 'ignore'],
      // Of its own session, or a signal to the launcher's group would take the guard along.
      detached: true,
      env: childEnvironment({ NODE_OPTIONS: undefined }),
    });
    child.stdin?.on('error', () => undefined);
    child.on('error', () => undefined);
    return new Guard(child);
  }

  watch(pid: number, signal: NodeJS.Signals): void {
    this.child.stdin?.write(`${JSON.stringify({ watch: pid, signal })}\n`);
  }

  forget(pid: number): void {
    this.child.stdin?.write(`${JSON.stringify({ forget: pid })}\n`);
  }

  async close(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || !this.child.pid) return;
    const ended = once(this.child, 'exit');
    this.child.stdin?.end();
    await ended;
  }
}
