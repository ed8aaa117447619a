import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import { TaskRunner, type EngineRegistry, type TaskQueue } from '@polyreel/core';
import { GrpcEngine } from '@polyreel/engine-client';
import { WorkerMetrics } from '../health/worker-metrics.js';
import { ENGINE_REGISTRY, TASK_QUEUE } from '../ports/tokens.js';
import { EngineSession, type EngineSessionEvents } from './engine-session.js';

/** Runs one session per configured engine, from the start of the worker to its drain. */
@Injectable()
export class GenerationService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(GenerationService.name);
  private readonly stop = new AbortController();
  private readonly sessions: readonly EngineSession[];
  private running: Promise<unknown> = Promise.resolve();

  constructor(
    @Inject(WorkerSettings) private readonly settings: WorkerSettings,
    @Inject(TaskRunner) runner: TaskRunner,
    @Inject(TASK_QUEUE) queue: TaskQueue,
    @Inject(ENGINE_REGISTRY) registry: EngineRegistry,
    @Inject(WorkerMetrics) private readonly metrics: WorkerMetrics,
  ) {
    this.sessions = settings.engines.map(
      (address) => new EngineSession(new GrpcEngine(address), { registry, queue, runner }, this.events()),
    );
  }

  /** State of every engine by this worker's last look. */
  get engineStates(): readonly string[] {
    return this.sessions.map(({ state }) => state);
  }

  onApplicationBootstrap(): void {
    this.running = Promise.all(this.sessions.map((session) => session.run(this.stop.signal)));
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
    const deadline = AbortSignal.timeout(this.settings.drainSeconds * 1000);
    await Promise.all(this.sessions.map((session) => session.close(deadline)));
  }

  private events(): EngineSessionEvents {
    return {
      onState: (address, state, trouble) => {
        const text = `Engine ${address} is ${state}`;
        if (trouble === undefined) this.logger.log({ address, state }, text);
        else if (typeof trouble === 'string') this.logger.warn({ address, state }, `${text}: ${trouble}`);
        else this.logger.warn({ address, state, err: trouble }, text);
      },
      onRun: (engine, job, report, seconds) => {
        const outcome = report instanceof Error ? 'crashed' : report.outcome;
        this.metrics.observeRun(engine, outcome, seconds);
        const error = report instanceof Error ? report : report.error;
        const fields = { ...job, engine, outcome, seconds: Math.round(seconds * 100) / 100 };
        // What the user wanted is no warning.
        if (error && outcome !== 'cancelled')
          this.logger.warn({ ...fields, err: error }, `Task ${job.taskId} ${outcome}`);
        else if (outcome !== 'not-claimed') this.logger.log(fields, `Task ${job.taskId} ${outcome}`);
      },
    };
  }
}
