import type { JobHandler, QueueConsumer } from '@polyreel/core';
import { Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import { connect, consumerOptions, type OnRedisError } from './connection-options.js';
import { attemptOf } from './job-id.js';
import type { TaskJob } from './task-job.js';

export interface BullConsumerOptions {
  readonly url: string;
  readonly prefix: string;
  readonly onError: OnRedisError;
  readonly onClosed: () => void;
}

/** A consumer that dies holds its job for this long (ms); a live one renews every half of it. */
const lockDuration = 10_000;
/** How often any consumer looks for jobs of dead ones (ms). With the lock: run again after 15 s at most. */
const stalledInterval = 5_000;
/** Postgres counts attempts and gives up; BullMQ must never do it first. */
const maxStalledCount = 1_000_000;
/** Time (ms) to tell Redis about ended jobs on close, when it may be down. */
const closeGrace = 2_000;

/** One BullMQ worker on the queue of one engine. Waits for Redis as long as needed. */
export class BullConsumer implements QueueConsumer {
  readonly #client: Redis;
  readonly #worker: Worker<TaskJob>;
  readonly #running = new Set<Promise<void>>();
  #closed: Promise<void> | undefined;

  constructor(
    engine: string,
    concurrency: number,
    private readonly handler: JobHandler,
    private readonly options: BullConsumerOptions,
  ) {
    this.#client = connect(options.url, consumerOptions, options.onError);
    this.#worker = new Worker<TaskJob>(engine, (job) => this.#run(job.data.taskId, job.id ?? ''), {
      connection: this.#client,
      prefix: options.prefix,
      concurrency,
      lockDuration,
      stalledInterval,
      maxStalledCount,
      drainDelay: 5,
      runRetryDelay: 1_000,
      removeOnComplete: { count: 0 },
      removeOnFail: { count: 0 },
    });
    this.#worker.on('error', options.onError);
    this.#worker.on('failed', (_job, error) => options.onError(error));
  }

  close(): Promise<void> {
    return (this.#closed ??= this.#close());
  }

  async #run(taskId: string, jobId: string): Promise<void> {
    const run = this.handler({ taskId, attempt: attemptOf(jobId) });
    this.#running.add(run);
    try {
      await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async #close(): Promise<void> {
    const closed = this.#worker.close();
    const grace = Promise.withResolvers<void>();
    let timer: NodeJS.Timeout | undefined;
    void this.#handlersEnded().then(() => (timer = setTimeout(grace.resolve, closeGrace)));
    await Promise.race([closed, grace.promise]);
    clearTimeout(timer);
    this.#client.disconnect();
    this.options.onClosed();
  }

  async #handlersEnded(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }
}
