import type { JobHandler, QueueConsumer, TaskQueue } from '@polyreel/core';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { BullConsumer } from './bull-consumer.js';
import { connect, producerOptions, type OnRedisError } from './connection-options.js';
import { jobIdOf } from './job-id.js';
import { ready } from './ready.js';
import type { TaskJob } from './task-job.js';
import { withDeadline } from './with-deadline.js';

export interface BullTaskQueueOptions {
  /** `redis://[user:password@]host:port[/db]`, or `rediss://` for TLS. */
  readonly url: string;
  /** First part of every key in Redis. Absent: `polyreel`. */
  readonly prefix?: string;
  readonly onError: OnRedisError;
}

/** Milliseconds after which `deliver` gives up, whatever Redis does. */
const deliverDeadline = 4_000;

/**
 * Delivery by BullMQ, one queue per engine name. Jobs hold the task id and
 * nothing else and leave no trace when they end, so the same id can be
 * delivered again. Producing fails fast while Redis is down; consuming waits.
 */
export class BullTaskQueue implements TaskQueue {
  readonly #prefix: string;
  readonly #producers = new Map<string, Queue<TaskJob>>();
  readonly #consumers = new Set<BullConsumer>();
  #client: Redis | undefined;

  constructor(private readonly options: BullTaskQueueOptions) {
    this.#prefix = options.prefix ?? 'polyreel';
  }

  /** @throws Error within about 4 seconds when Redis is down; the caller delivers again later */
  async deliver(engine: string, taskId: string, attempt: number): Promise<void> {
    const message = 'Redis does not take jobs at present.';
    await withDeadline(this.#add(engine, { taskId }, jobIdOf(taskId, attempt)), deliverDeadline, message);
  }

  async consume(engine: string, concurrency: number, handler: JobHandler): Promise<QueueConsumer> {
    const consumer = new BullConsumer(engine, concurrency, handler, {
      url: this.options.url,
      prefix: this.#prefix,
      onError: this.options.onError,
      onClosed: () => this.#consumers.delete(consumer),
    });
    this.#consumers.add(consumer);
    return consumer;
  }

  /** Closes the consumers (waiting for their handlers) and every connection. */
  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.close()));
    const queues = [...this.#producers.values()];
    this.#producers.clear();
    await Promise.allSettled(queues.map((queue) => queue.close()));
    this.#client?.disconnect();
    this.#client = undefined;
  }

  async #add(engine: string, job: TaskJob, jobId: string): Promise<void> {
    const client = (this.#client ??= connect(this.options.url, producerOptions, this.options.onError));
    await ready(client);
    const queue = this.#producerOf(engine, client);
    try {
      await queue.add('task', job, { jobId, removeOnComplete: true, removeOnFail: true });
    } catch (error) {
      // A queue whose first commands failed stays broken for ever; the next delivery makes a new one.
      this.#producers.delete(engine);
      queue.close().catch(this.options.onError);
      throw error;
    }
  }

  #producerOf(engine: string, connection: Redis): Queue<TaskJob> {
    const known = this.#producers.get(engine);
    if (known) return known;
    const queue = new Queue<TaskJob>(engine, {
      connection,
      prefix: this.#prefix,
      streams: { events: { maxLen: 100 } },
    });
    queue.on('error', this.options.onError);
    this.#producers.set(engine, queue);
    return queue;
  }
}
