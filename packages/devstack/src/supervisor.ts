import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Guard } from './guard.js';
import { InstanceLock } from './instance-lock.js';
import { LogFile } from './log-file.js';
import type { ProcessDefinition } from './process-definition.js';
import { startTimeOf } from './process-identity.js';
import { ProcessTable } from './process-table.js';
import { SupervisedProcess } from './supervised-process.js';

export interface SupervisorEvents {
  /** Children of an earlier launcher that were still running and have been stopped. */
  leftoversStopped?(names: string[]): void;
  ready?(definition: ProcessDefinition, seconds: number): void;
  crashed?(name: string, how: string): void;
  recovered?(name: string, seconds: number): void;
}

/** Owns the children of one data folder; nothing it started survives it, however it ends. */
export class Supervisor {
  private readonly processes: SupervisedProcess[] = [];
  private stopped?: Promise<void>;

  private constructor(
    readonly dataDir: string,
    private readonly events: SupervisorEvents,
    private readonly lock: InstanceLock,
    private readonly table: ProcessTable,
    private readonly guard: Guard,
  ) {}

  /** @throws Error when another launcher uses the folder. */
  static async open(dataDir: string, events: SupervisorEvents = {}): Promise<Supervisor> {
    const run = join(dataDir, 'run');
    // Media and logs of the user: nobody else's business.
    for (const folder of [run, join(dataDir, 'logs')]) mkdirSync(folder, { recursive: true, mode: 0o700 });
    const lock = await InstanceLock.acquire(join(run, 'launcher.lock'), dataDir);
    const path = join(run, 'processes.json');
    const leftovers = await ProcessTable.stopLeftovers(path);
    if (leftovers.length > 0) events.leftoversStopped?.(leftovers);
    return new Supervisor(dataDir, events, lock, new ProcessTable(path), Guard.start());
  }

  /** Resolves when the process is ready; from then on it is restarted whenever it dies. */
  async start(definition: ProcessDefinition): Promise<void> {
    if (this.stopped) throw new Error(`${definition.name} was not started: the launcher is stopping.`);
    const { name, port, stopSignal } = definition;
    const child = new SupervisedProcess(definition, new LogFile(join(this.dataDir, 'logs', `${name}.log`)), {
      spawned: (pid) => {
        this.guard.watch(pid, stopSignal);
        this.table.add({ name, pid, port, startTime: '', stopSignal });
        void startTimeOf(pid).then((startTime) => startTime && this.table.identify(name, pid, startTime));
      },
      ended: (pid) => {
        this.guard.forget(pid);
        this.table.remove(name);
      },
      crashed: (how) => this.events.crashed?.(name, how),
      recovered: (seconds) => this.events.recovered?.(name, seconds),
    });
    this.processes.push(child);
    const since = performance.now();
    await child.start();
    this.events.ready?.(definition, (performance.now() - since) / 1000);
  }

  /**
   * Stops all children, later ones first; `order` gives names that are to stop together, step by step,
   * before the rest. Safe to call more than once.
   */
  stop(order: readonly (readonly string[])[] = []): Promise<void> {
    this.stopped ??= this.stopAll(order);
    return this.stopped;
  }

  /** Ends every child at once; `stop` must still be awaited. */
  kill(): void {
    for (const child of this.processes) child.kill();
  }

  private async stopAll(order: readonly (readonly string[])[]): Promise<void> {
    const left = new Set(this.processes);
    for (const names of order) {
      const step = [...left].filter((child) => names.includes(child.definition.name));
      await Promise.all(step.map((child) => child.stop()));
      for (const child of step) left.delete(child);
    }
    await Promise.all([...left].map((child) => child.stop()));
    await this.guard.close();
    this.lock.release();
  }
}
