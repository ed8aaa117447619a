import { TaskError } from '../model/task-error.js';
import type { Engine, EngineEvent, EngineJob } from '../ports/engine.js';
import { pause } from './pause.js';

/** Milliseconds between two tries. */
const BETWEEN_TRIES = 100;

/** Milliseconds after which an engine that still refuses costs the task an attempt. */
const PATIENCE = 10_000;

/**
 * Runs the job, trying again for a while when the engine takes none yet: one that was told to cancel a job
 * is busy until its next step, and one that was restarted is back in seconds. Neither is the task's fault.
 */
export async function* generateWhenFree(
  engine: Engine,
  job: EngineJob,
  signal: AbortSignal,
  patience: number = PATIENCE,
): AsyncGenerator<EngineEvent> {
  const deadline = performance.now() + patience;
  for (;;) {
    let begun = false;
    try {
      for await (const event of engine.generate(job, signal)) {
        begun = true;
        yield event;
      }
      return;
    } catch (error) {
      const refused = error instanceof TaskError && error.code === 'ENGINE_UNAVAILABLE' && !begun;
      if (!refused || signal.aborted || performance.now() >= deadline) throw error;
    }
    await pause(BETWEEN_TRIES, signal);
  }
}
