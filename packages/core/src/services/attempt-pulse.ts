import { TaskError } from '../model/task-error.js';
import type { Task } from '../model/task.js';
import type { TaskEvents } from '../ports/task-events.js';
import type { TaskProgress, TaskStore } from '../ports/task-store.js';

/** The attempt belongs to somebody else now: stop and write nothing. */
export class AttemptLostError extends Error {
  constructor() {
    super('The attempt is no longer ours.');
    this.name = 'AttemptLostError';
  }
}

export interface PulseOptions {
  readonly leaseSeconds: number;
  readonly beatSeconds: number;
  /** Seconds without news from the engine after which it counts as hung. */
  readonly silenceSeconds: number;
}

/**
 * The heartbeat of one attempt: writes progress and extends the lease at most once an interval, and
 * aborts the attempt when it was cancelled, lost, silent or out of time. The abort reason says which.
 */
export class AttemptPulse {
  private readonly controller = new AbortController();
  private progress: Omit<TaskProgress, 'remainingSeconds'>;
  /** On the clock of `performance`, milliseconds. */
  private expectedEnd: number | undefined;
  private beating: Promise<void> = Promise.resolve();
  private readonly timers: NodeJS.Timeout[] = [];
  private silence: NodeJS.Timeout | undefined;
  private failedBeats = 0;

  constructor(
    private readonly task: Task,
    private readonly store: Pick<TaskStore, 'beat'>,
    private readonly events: TaskEvents,
    private readonly options: PulseOptions,
  ) {
    this.progress = {
      stage: 'fetching',
      progress: task.progress,
      step: 0,
      steps: 0,
      chunk: 0,
      chunks: 0,
      message: '',
    };
    this.timers.push(setInterval(() => this.beatSoon(), options.beatSeconds * 1000));
    if (task.executionTimeoutSeconds !== undefined)
      this.timers.push(
        setTimeout(() => this.abort(new TaskError('EXECUTION_TIMEOUT')), task.executionTimeoutSeconds * 1000),
      );
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /**
   * Tells how far the attempt is; written with the next beat, at once when the stage changes. What is absent stays,
   * except for the remaining seconds: nobody knows them then.
   */
  report({ remainingSeconds, ...change }: Partial<TaskProgress>): void {
    const stageChanged = change.stage !== undefined && change.stage !== this.progress.stage;
    this.progress = { ...this.progress, ...change };
    this.expectedEnd =
      remainingSeconds === undefined ? undefined : performance.now() + remainingSeconds * 1000;
    if (stageChanged) this.beatSoon();
  }

  /** The engine gave a sign of life; from the first one on, silence is watched. */
  engineAlive(): void {
    clearTimeout(this.silence);
    this.silence = setTimeout(
      () =>
        this.abort(
          new TaskError('ENGINE_LOST', `The engine was silent for ${this.options.silenceSeconds} seconds.`),
        ),
      this.options.silenceSeconds * 1000,
    );
  }

  /** The engine has ended; its silence is no longer watched. */
  engineEnded(): void {
    clearTimeout(this.silence);
  }

  abort(reason: Error): void {
    if (!this.controller.signal.aborted) this.controller.abort(reason);
  }

  /** Stops all timers and waits for the beat on its way, so that none follows the settlement. */
  async stop(): Promise<void> {
    for (const timer of this.timers) clearTimeout(timer);
    clearTimeout(this.silence);
    await this.beating;
  }

  private beatSoon(): void {
    this.beating = this.beating.then(() => this.beat());
  }

  /** Counted down since the engine told it: a step may last many beats. */
  private remaining(): Pick<TaskProgress, 'remainingSeconds'> {
    if (this.expectedEnd === undefined) return {};
    return { remainingSeconds: Math.max(0, (this.expectedEnd - performance.now()) / 1000) };
  }

  private async beat(): Promise<void> {
    if (this.signal.aborted) return;
    try {
      const answer = await this.store.beat(
        this.task.id,
        this.task.attempt,
        { ...this.progress, ...this.remaining() },
        this.options.leaseSeconds,
      );
      this.failedBeats = 0;
      if (answer === 'lost') this.abort(new AttemptLostError());
      if (answer === 'cancel') this.abort(new TaskError('CANCELLED'));
    } catch {
      // The database may be away for a moment; when the lease is surely gone, so is the attempt.
      this.failedBeats += 1;
      if (this.failedBeats * this.options.beatSeconds > this.options.leaseSeconds)
        this.abort(new AttemptLostError());
    }
    void this.events.publish({ taskId: this.task.id, type: 'progress' }).catch(() => undefined);
  }
}
