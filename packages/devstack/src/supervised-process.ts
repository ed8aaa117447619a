import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { LogFile } from './log-file.js';
import type { ProcessDefinition } from './process-definition.js';

const restartDelays = [0.1, 0.3, 1, 2, 5, 10];
/** A child that lived this long starts its restart delays from the beginning again. */
const steadySeconds = 30;
const probeMilliseconds = 40;

export interface ProcessListener {
  spawned(pid: number): void;
  ended(pid: number): void;
  crashed(how: string): void;
  recovered(seconds: number): void;
}

/** One child process: started, awaited, restarted when it dies unasked, stopped. */
export class SupervisedProcess {
  private child?: ChildProcess;
  private ended: Promise<string> = Promise.resolve('never started');
  private watching: Promise<void> = Promise.resolve();
  private readonly stopping = new AbortController();

  constructor(
    readonly definition: ProcessDefinition,
    private readonly log: LogFile,
    private readonly listener: ProcessListener,
  ) {}

  /**
   * Resolves when the process is ready.
   * @throws Error with the end of the log when it ends or stays unready; it is not running then.
   */
  async start(): Promise<void> {
    await this.launch();
    this.watching = this.keepAlive();
  }

  /** Asks the process to end, insists after `stopSeconds`, and resolves when it is gone. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.end();
    await this.watching;
    this.log.close();
  }

  /** Ends the process at once. */
  kill(): void {
    this.stopping.abort();
    this.child?.kill('SIGKILL');
  }

  private async keepAlive(): Promise<void> {
    for (let failures = 0; ;) {
      const since = Date.now();
      const how = await this.ended;
      if (this.stopping.signal.aborted) return;
      this.listener.crashed(how);
      if (Date.now() - since > steadySeconds * 1000) failures = 0;
      const down = Date.now();
      while (!(await this.relaunch(failures))) {
        if (this.stopping.signal.aborted) return;
        failures += 1;
      }
      failures += 1;
      this.listener.recovered((Date.now() - down) / 1000);
    }
  }

  private async relaunch(failures: number): Promise<boolean> {
    const seconds = restartDelays[Math.min(failures, restartDelays.length - 1)] ?? 1;
    try {
      await delay(seconds * 1000, undefined, { signal: this.stopping.signal });
      await this.launch();
      return true;
    } catch {
      // The reason stands in the log; the next try comes later than this one.
      return false;
    }
  }

  private async launch(): Promise<void> {
    await this.definition.prepare?.();
    this.stopping.signal.throwIfAborted();
    const pid = await this.spawn();
    try {
      await this.untilReady(pid);
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  private async spawn(): Promise<number> {
    const { command, args, env, cwd } = this.definition;
    // A session of its own: Ctrl-C reaches the launcher alone, which then stops its children in order.
    const child = spawn(command, args, { env, cwd, detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child = child;
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => this.log.write(chunk));
    child.stderr.on('data', (chunk: Buffer) => this.log.write(chunk));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) =>
        reject(new Error(`${this.definition.name} could not be started: ${error.message}`)),
      );
    });
    const pid = child.pid ?? 0;
    this.listener.spawned(pid);
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.listener.ended(pid);
        resolve(signal ? `ended by ${signal}` : `ended with exit code ${code}`);
      });
    });
    return pid;
  }

  private async untilReady(pid: number): Promise<void> {
    const { name, readySeconds } = this.definition;
    const end = Date.now() + readySeconds * 1000;
    let how: string | undefined;
    void this.ended.then((text) => (how = text));
    while (!(await this.definition.isReady(pid).catch(() => false))) {
      this.stopping.signal.throwIfAborted();
      if (how !== undefined) throw new Error(`${name} ${how}.\n${this.logged()}`);
      if (Date.now() > end)
        throw new Error(`${name} was not ready after ${readySeconds} s.\n${this.logged()}`);
      await delay(probeMilliseconds);
    }
  }

  private logged(): string {
    return `The end of ${this.log.path}:\n${this.log.tail(15).replace(/^/gm, '    ')}`;
  }

  private async end(): Promise<void> {
    const child = this.child;
    if (!child?.pid || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(this.definition.stopSignal);
    const insist = setTimeout(() => child.kill('SIGKILL'), this.definition.stopSeconds * 1000);
    await this.ended;
    clearTimeout(insist);
  }
}
