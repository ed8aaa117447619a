import {
  pause,
  Slots,
  type Engine,
  type EngineDescription,
  type EngineRegistry,
  type QueueConsumer,
  type RunReport,
  type TaskQueue,
  type TaskRunner,
} from '@polyreel/core';

/** Milliseconds between two looks at an engine. */
const LOOK_INTERVAL = 1_000;

export interface EngineSessionPorts {
  readonly registry: EngineRegistry;
  readonly queue: TaskQueue;
  readonly runner: TaskRunner;
}

export interface EngineSessionEvents {
  /** The engine's state changed; `trouble` is its own reason for that, or the error when it does not answer. */
  onState(address: string, state: EngineDescription['state'] | 'away', trouble?: unknown): void;
  onRun(
    engine: string,
    job: { taskId: string; attempt: number },
    report: RunReport | Error,
    seconds: number,
  ): void;
}

/**
 * Looks after one engine process: tells the registry what it can do, and takes jobs for it while it
 * is able to run them. An engine that is away gets no jobs, so its restart costs no attempts.
 */
export class EngineSession {
  private consumer: QueueConsumer | undefined;
  /** Consumers that take no more jobs but still run some. */
  private readonly closing = new Set<Promise<void>>();
  private slots: Slots | undefined;
  private lastState: string | undefined;
  private readonly handBack = new AbortController();

  constructor(
    private readonly engine: Engine,
    private readonly ports: EngineSessionPorts,
    private readonly events: EngineSessionEvents,
  ) {}

  get state(): string {
    return this.lastState ?? 'away';
  }

  /** Looks again and again until `signal` fires. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.look();
      await pause(LOOK_INTERVAL, signal);
    }
  }

  /** Takes no more jobs and waits for the running ones; `deadline` hands them back unfinished. */
  async close(deadline: AbortSignal): Promise<void> {
    const giveBack = () => this.handBack.abort();
    if (deadline.aborted) giveBack();
    else deadline.addEventListener('abort', giveBack, { once: true });
    this.stopConsuming();
    await Promise.all(this.closing);
    this.engine.close();
  }

  private async look(): Promise<void> {
    try {
      const description = await this.engine.describe();
      await this.ports.registry.report(this.engine.address, description);
      // Only now: who is told that this worker is ready finds its engine in the registry.
      this.announce(description.state, description.message || undefined);
      if (!this.able) this.stopConsuming();
      else if (!this.consumer) await this.consume(description);
    } catch (error) {
      this.announce('away', error);
      this.stopConsuming();
    }
  }

  private get able(): boolean {
    return this.lastState === 'ready' || this.lastState === 'busy';
  }

  private async consume({ engine, slots: count }: EngineDescription): Promise<void> {
    const slots = (this.slots ??= new Slots(count));
    // One more than the slots: the inputs of the next job are fetched while this one runs.
    this.consumer = await this.ports.queue.consume(engine, count + 1, async (job) => {
      const started = performance.now();
      const seconds = () => (performance.now() - started) / 1000;
      try {
        if (!this.able) throw new Error(`The engine at ${this.engine.address} is ${this.state}.`);
        const report = await this.ports.runner.run(job, this.engine, slots, this.handBack.signal);
        this.events.onRun(engine, job, report, seconds());
      } catch (error) {
        this.events.onRun(engine, job, error instanceof Error ? error : new Error(String(error)), seconds());
        throw error;
      }
    });
  }

  /** Takes no more jobs from now on; those running go on by themselves. */
  private stopConsuming(): void {
    if (!this.consumer) return;
    const closed = this.consumer.close().finally(() => this.closing.delete(closed));
    this.closing.add(closed);
    this.consumer = undefined;
  }

  private announce(state: EngineDescription['state'] | 'away', trouble?: unknown): void {
    if (state === this.lastState) return;
    this.lastState = state;
    this.events.onState(this.engine.address, state, trouble);
  }
}
