import { parametersFor } from '../model/engine-parameters.js';
import type { GenerationParameters } from '../model/generation-parameters.js';
import { TaskError } from '../model/task-error.js';
import { isTerminal } from '../model/task-state.js';
import { assetOf, wantsLogo, type Task } from '../model/task.js';
import { doneWork } from '../model/work.js';
import type { Engine } from '../ports/engine.js';
import type { LogoAppender } from '../ports/logo-appender.js';
import type { MediaInspector, MediaIntake } from '../ports/media-intake.js';
import type { ObjectStore } from '../ports/object-store.js';
import type { TaskEvents } from '../ports/task-events.js';
import type { Settlement, TaskStore } from '../ports/task-store.js';
import { AttemptLostError, AttemptPulse, type PulseOptions } from './attempt-pulse.js';
import { generateWhenFree } from './generate-when-free.js';
import { prepareInputs, type PreparedInputs } from './input-preparation.js';
import { OutputCollection } from './output-collection.js';
import type { ResultCopier } from './result-copier.js';
import type { Slots } from './slots.js';

/** Share of a task's progress the engine's own progress fills; the rest is fetching before and uploading after. */
const ENGINE_SHARE = { from: 0.02, to: 0.97 };

/** Seconds before another attempt: 2, 4, 8... at most this. */
const MAX_RETRY_DELAY_SECONDS = 60;

export interface TaskRunnerPorts {
  readonly store: TaskStore;
  readonly objects: ObjectStore;
  readonly intake: MediaIntake;
  readonly inspector: MediaInspector;
  readonly events: TaskEvents;
  /** Absent: this worker has no clip to append. */
  readonly logo?: LogoAppender;
  readonly copier: Pick<ResultCopier, 'copy'>;
}

/** What a run did, for logs and metrics. */
type RunOutcome = 'succeeded' | 'failed' | 'cancelled' | 'retrying' | 'lost' | 'not-claimed';

export interface RunReport {
  readonly outcome: RunOutcome;
  readonly error?: TaskError;
}

/** Runs one delivered job from its claim to its settlement. */
export class TaskRunner {
  constructor(
    private readonly ports: TaskRunnerPorts,
    private readonly options: PulseOptions,
  ) {}

  /**
   * While all slots of the engine are taken, the inputs are fetched already; the task is claimed only
   * when a slot is free, so it never counts as running while it waits.
   * @param shutdown fires when this worker must hand the job back
   */
  async run(
    job: { readonly taskId: string; readonly attempt: number },
    engine: Engine,
    slots: Slots,
    shutdown: AbortSignal,
  ): Promise<RunReport> {
    const waiting = await this.ports.store.find(job.taskId);
    if (!waiting || waiting.state !== 'queued' || waiting.attempt + 1 !== job.attempt)
      return { outcome: 'not-claimed' };
    const early = slots.hasFree() ? undefined : this.prepare(waiting, shutdown);
    early?.catch(() => undefined);
    const release = await slots.acquire();
    try {
      const task = shutdown.aborted
        ? undefined
        : await this.ports.store.claim(job.taskId, job.attempt, this.options.leaseSeconds);
      if (!task) {
        await early?.then((inputs) => inputs.discard()).catch(() => undefined);
        return { outcome: 'not-claimed' };
      }
      return await this.runClaimed(task, engine, release, shutdown, early);
    } finally {
      release();
    }
  }

  private async runClaimed(
    task: Task,
    engine: Engine,
    releaseSlot: () => void,
    shutdown: AbortSignal,
    early: Promise<PreparedInputs> | undefined,
  ): Promise<RunReport> {
    const pulse = new AttemptPulse(task, this.ports.store, this.ports.events, this.options);
    const onShutdown = () => pulse.abort(new TaskError('ENGINE_LOST', 'The worker was stopped.'));
    shutdown.addEventListener('abort', onShutdown, { once: true });
    const outputs = new OutputCollection(
      task.id,
      task.attempt,
      this.ports.objects,
      this.ports.inspector,
      pulse.signal,
      wantsLogo(task) ? this.ports.logo : undefined,
    );
    let settlement: Settlement;
    let error: TaskError | undefined;
    try {
      const { message, effective } = await this.generate(task, engine, pulse, outputs, early);
      releaseSlot();
      pulse.report({ stage: 'uploading', progress: ENGINE_SHARE.to });
      const assets = await outputs.finish();
      const result = assetOf({ assets }, 'result')!;
      const { copy, note } = await this.ports.copier.copy(task, result, pulse.signal);
      settlement = {
        state: 'succeeded',
        message: [message, note].filter(Boolean).join(' '),
        outputs: copy ? [...assets, copy] : assets,
        work: doneWork(result.facts, effective),
      };
    } catch (thrown) {
      const reason: unknown = pulse.signal.aborted ? pulse.signal.reason : thrown;
      await outputs.discard(reason);
      if (reason instanceof AttemptLostError) {
        await pulse.stop();
        return { outcome: 'lost' };
      }
      error = TaskError.from(reason);
      settlement = settlementOf(error, task);
    } finally {
      shutdown.removeEventListener('abort', onShutdown);
    }
    await pulse.stop();
    return this.settle(task, settlement, error);
  }

  private async generate(
    task: Task,
    engine: Engine,
    pulse: AttemptPulse,
    outputs: OutputCollection,
    early: Promise<PreparedInputs> | undefined,
  ): Promise<{ readonly message: string; readonly effective: GenerationParameters }> {
    const prepared = await (early ?? this.prepare(task, pulse.signal));
    try {
      for (const asset of prepared.fetched) {
        if (!(await this.ports.store.recordInput(task.id, task.attempt, asset))) throw new AttemptLostError();
      }
      if (prepared.failure) throw prepared.failure;
      // Told before the engine works for nothing; another worker may have the clip.
      if (wantsLogo(task) && !this.ports.logo)
        throw new TaskError('INTERNAL', 'The worker has no logo clip to append.');
      pulse.report({ stage: 'loading', progress: ENGINE_SHARE.from });
      pulse.engineAlive();
      const { used, unused } = await this.parametersOf(task, engine);
      let effective = used as GenerationParameters;
      const job = {
        taskId: task.id,
        attempt: task.attempt,
        kind: task.kind,
        model: task.model,
        parameters: used,
        inputs: prepared.inputs.filter(({ role }) => !unused.includes(role)),
      };
      for await (const event of generateWhenFree(engine, job, pulse.signal)) {
        pulse.engineAlive();
        if (event.type === 'accepted') {
          effective = { ...effective, ...(event.effectiveParameters as GenerationParameters) };
        } else if (event.type === 'progress') {
          const { from, to } = ENGINE_SHARE;
          const { type: _type, fraction, ...rest } = event;
          pulse.report({ ...rest, progress: from + (to - from) * Math.min(1, Math.max(0, fraction)) });
        } else if (event.type === 'preview') {
          // Not awaited: a slow Redis must not slow the engine down.
          void this.ports.events
            .publish({ taskId: task.id, type: 'preview', picture: event.data })
            .catch(() => undefined);
        } else if (event.type === 'output-start' || event.type === 'output-chunk') {
          await outputs.take(event);
        } else if (event.type === 'completed') {
          pulse.engineEnded();
          const message = [event.message, ...notes(unused)].filter(Boolean).join(' ');
          return { message, effective };
        }
      }
      throw pulse.signal.aborted ? pulse.signal.reason : new TaskError('ENGINE_LOST');
    } finally {
      await prepared.discard();
    }
  }

  private async settle(task: Task, settlement: Settlement, error: TaskError | undefined): Promise<RunReport> {
    if (!(await this.ports.store.settle(task.id, task.attempt, settlement))) return { outcome: 'lost' };
    // The store decides: a requested cancel turns failures and retries into `cancelled`.
    const settled = await this.ports.store.find(task.id);
    if (settled && isTerminal(settled.state))
      await this.ports.events.publish({ taskId: task.id, type: 'ended' }).catch(() => undefined);
    const state = settled?.state === 'cancelled' ? 'cancelled' : settlement.state;
    return { outcome: state === 'queued' ? 'retrying' : state, ...(error && { error }) };
  }

  private async parametersOf(task: Task, engine: Engine) {
    const { models } = await engine.describe();
    const kind = models
      .find((model) => model.name === task.model)
      ?.kinds.find((candidate) => candidate.kind === task.kind);
    if (!kind) throw new TaskError('ENGINE_UNAVAILABLE', `The engine no longer has the model ${task.model}.`);
    const { used, unused } = parametersFor(kind, task.parameters);
    // A model that tells persons apart by itself does its work without masks.
    const masks = ['mask', 'mask2'].filter(
      (role) =>
        task.assets.some((asset) => asset.role === role) && !kind.inputs.some((input) => input.role === role),
    );
    return { used, unused: [...unused, ...masks] };
  }

  private prepare(task: Task, signal: AbortSignal): Promise<PreparedInputs> {
    return prepareInputs(task, this.ports.intake, this.ports.objects, signal);
  }
}

function notes(unused: readonly string[]): string[] {
  return unused.length === 0 ? [] : [`Not used by this model: ${unused.join(', ')}.`];
}

function settlementOf(error: TaskError, task: Task): Settlement {
  if (error.code === 'CANCELLED') return { state: 'cancelled' };
  if (error.retryable && task.attempt < task.maxAttempts) {
    const delaySeconds = Math.min(MAX_RETRY_DELAY_SECONDS, 2 ** task.attempt);
    return { state: 'queued', delaySeconds, message: error.message };
  }
  return { state: 'failed', code: error.code, text: error.message };
}
