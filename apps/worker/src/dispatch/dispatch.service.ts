import {
  Inject,
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import {
  Dispatcher,
  type DispatchReport,
  type EngineRegistry,
  type TaskEvents,
  type TaskQueue,
  type TaskStore,
} from '@polyreel/core';
import { PostgresLeaderLock, PostgresWakeUp } from '@polyreel/database';
import { WorkerSettings } from '@polyreel/config';
import { ENGINE_REGISTRY, TASK_EVENTS, TASK_QUEUE, TASK_STORE } from '../ports/tokens.js';

const options = { intervalMilliseconds: 1_000, engineLiveSeconds: 10, redeliverAfterSeconds: 10 };

/** Takes part in the election of the dispatcher as long as the worker lives. */
@Injectable()
export class DispatchService implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(DispatchService.name);
  private readonly stop = new AbortController();
  private readonly dispatcher: Dispatcher;
  private readonly wakeUp: PostgresWakeUp;
  private running: Promise<void> = Promise.resolve();
  private lastError: string | undefined;

  constructor(
    @Inject(WorkerSettings) settings: WorkerSettings,
    @Inject(TASK_STORE) store: TaskStore,
    @Inject(TASK_QUEUE) queue: TaskQueue,
    @Inject(ENGINE_REGISTRY) registry: EngineRegistry,
    @Inject(TASK_EVENTS) events: TaskEvents,
  ) {
    const lock = new PostgresLeaderLock(settings.databaseUrl);
    this.wakeUp = new PostgresWakeUp(settings.databaseUrl);
    this.dispatcher = new Dispatcher(
      { store, queue, registry, events, lock, wakeUp: this.wakeUp },
      options,
      (outcome) => this.log(outcome),
    );
  }

  onApplicationBootstrap(): void {
    this.running = this.dispatcher.run(this.stop.signal);
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stop.abort();
    await this.running;
    await this.wakeUp.close();
  }

  /** Rounds that did nothing are not logged, and an error that repeats every second only once. */
  private log(outcome: DispatchReport | Error): void {
    if (outcome instanceof Error) {
      if (outcome.message !== this.lastError)
        this.logger.warn({ err: outcome }, `Dispatching: ${outcome.message}`);
      this.lastError = outcome.message;
      return;
    }
    this.lastError = undefined;
    const { delivered, requeued, ended } = outcome;
    if (requeued.length + ended.length > 0)
      this.logger.warn({ requeued, ended }, `Picked up ${requeued.length} lost tasks, ended ${ended.length}`);
    if (delivered > 0) this.logger.debug({ delivered }, `Delivered ${delivered} tasks`);
  }
}
