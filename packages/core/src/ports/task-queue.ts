/** Delivers task ids to workers. Holds no truth: whatever it loses is delivered again. */
export interface TaskQueue {
  /** Puts the job `<taskId>-<attempt>` on the engine's queue; does nothing when it is already there. */
  deliver(engine: string, taskId: string, attempt: number): Promise<void>;
  /**
   * Runs `handler` for delivered jobs of the engine, at most `concurrency` at a time, until closed.
   * The handler settles the task itself; when it throws, the job is dropped and delivered again later.
   */
  consume(engine: string, concurrency: number, handler: JobHandler): Promise<QueueConsumer>;
}

export type JobHandler = (job: { readonly taskId: string; readonly attempt: number }) => Promise<void>;

export interface QueueConsumer {
  /** Takes no more jobs and resolves when the running ones have ended. */
  close(): Promise<void>;
}
