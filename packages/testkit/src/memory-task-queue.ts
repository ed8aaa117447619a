import type { JobHandler, QueueConsumer, TaskQueue } from '@polyreel/core';

interface DeliveredJob {
  readonly taskId: string;
  readonly attempt: number;
}

interface EngineQueue {
  readonly waiting: Map<string, DeliveredJob>;
  readonly running: Set<string>;
  readonly consumers: Set<MemoryConsumer>;
}

/** TaskQueue within one process, with the delivery rules of the real one. */
export class MemoryTaskQueue implements TaskQueue {
  readonly #queues = new Map<string, EngineQueue>();
  /** What handlers threw, oldest first; the jobs were dropped. */
  readonly dropped: unknown[] = [];
  /** When set, `deliver` rejects with it: the queue is down. */
  failure?: Error;

  async deliver(engine: string, taskId: string, attempt: number): Promise<void> {
    if (this.failure) throw this.failure;
    const queue = this.#queueOf(engine);
    const id = `${taskId}-${attempt}`;
    if (queue.waiting.has(id) || queue.running.has(id)) return;
    queue.waiting.set(id, { taskId, attempt });
    this.#pump(queue);
  }

  async consume(engine: string, concurrency: number, handler: JobHandler): Promise<QueueConsumer> {
    const queue = this.#queueOf(engine);
    const consumer = new MemoryConsumer(concurrency, handler, () => queue.consumers.delete(consumer));
    queue.consumers.add(consumer);
    this.#pump(queue);
    return consumer;
  }

  /** Ids `<taskId>-<attempt>` that nobody has taken yet, oldest first. */
  waiting(engine: string): readonly string[] {
    return [...this.#queueOf(engine).waiting.keys()];
  }

  /** Forgets everything, as FLUSHALL does: waiting jobs are lost, running handlers go on unknown to the queue. */
  wipe(): void {
    for (const queue of this.#queues.values()) {
      queue.waiting.clear();
      queue.running.clear();
    }
  }

  #queueOf(engine: string): EngineQueue {
    const known = this.#queues.get(engine);
    if (known) return known;
    const queue: EngineQueue = { waiting: new Map(), running: new Set(), consumers: new Set() };
    this.#queues.set(engine, queue);
    return queue;
  }

  #pump(queue: EngineQueue): void {
    for (const consumer of queue.consumers) {
      for (const [id, job] of queue.waiting) {
        if (!consumer.hasRoom) break;
        queue.waiting.delete(id);
        queue.running.add(id);
        void consumer
          .run(job)
          .catch((error: unknown) => this.dropped.push(error))
          .finally(() => {
            queue.running.delete(id);
            this.#pump(queue);
          });
      }
    }
  }
}

class MemoryConsumer implements QueueConsumer {
  readonly #running = new Set<Promise<void>>();
  #open = true;

  constructor(
    private readonly concurrency: number,
    private readonly handler: JobHandler,
    private readonly leave: () => void,
  ) {}

  get hasRoom(): boolean {
    return this.#open && this.#running.size < this.concurrency;
  }

  async run(job: DeliveredJob): Promise<void> {
    // The real queue never runs a handler inside `deliver`, so neither does this one.
    const run = Promise.resolve().then(() => this.handler(job));
    this.#running.add(run);
    try {
      await run;
    } finally {
      this.#running.delete(run);
    }
  }

  async close(): Promise<void> {
    this.#open = false;
    this.leave();
    await Promise.allSettled(this.#running);
  }
}
