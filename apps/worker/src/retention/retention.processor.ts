import { InjectQueue, Processor, WorkerHost } from '@nestjs/bullmq';
import { Inject, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { WorkerSettings } from '@polyreel/config';
import { removeEndedTasks, type ObjectStore, type TaskStore } from '@polyreel/core';
import type { Queue } from 'bullmq';
import { OBJECT_STORE, TASK_STORE } from '../ports/tokens.js';

export const RETENTION_QUEUE = 'retention';

const DAY_SECONDS = 86_400;
const EVERY_MILLISECONDS = 3_600_000;

/** Once an hour, on one of the workers: removes tasks whose time is over. */
@Processor(RETENTION_QUEUE)
export class RetentionProcessor extends WorkerHost implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger(RetentionProcessor.name);
  private readonly stop = new AbortController();

  constructor(
    @InjectQueue(RETENTION_QUEUE) private readonly queue: Queue,
    @Inject(WorkerSettings) private readonly settings: WorkerSettings,
    @Inject(TASK_STORE) private readonly store: TaskStore,
    @Inject(OBJECT_STORE) private readonly objects: ObjectStore,
  ) {
    super();
  }

  /** The schedule lives in Redis under one id, so any number of workers share it. */
  onApplicationBootstrap(): void {
    const scheduled =
      this.settings.retention.resultsDays > 0
        ? this.queue.upsertJobScheduler(
            'hourly',
            { every: EVERY_MILLISECONDS },
            { opts: { removeOnComplete: true, removeOnFail: true } },
          )
        : this.queue.removeJobScheduler('hourly');
    scheduled.catch((error: unknown) => this.logger.warn({ err: error }, 'Retention could not be scheduled'));
  }

  onApplicationShutdown(): void {
    this.stop.abort();
  }

  override async process(): Promise<void> {
    const seconds = this.settings.retention.resultsDays * DAY_SECONDS;
    if (seconds === 0) return;
    const removed = await removeEndedTasks(this.store, this.objects, seconds, this.stop.signal);
    if (removed > 0) this.logger.log({ removed }, `Removed ${removed} tasks that ended long ago`);
  }
}
