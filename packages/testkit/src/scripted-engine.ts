import {
  orAborted,
  TaskError,
  type Engine,
  type EngineDescription,
  type EngineEvent,
  type EngineJob,
} from '@polyreel/core';
import { scriptedDescription, successScript, type EngineScript } from './engine-script.js';

/** How a job of the scripted engine ended: it gave everything, failed as written, or was broken off. */
export type ScriptedEnd = 'finished' | 'failed' | 'cancelled';

/** A job the scripted engine was given, and what became of it. */
export interface ScriptedRun {
  readonly job: EngineJob;
  /** Bytes of the inputs read so far, by role. */
  readonly inputs: Map<string, Buffer>;
  /** Number of events the caller has taken. */
  emitted: number;
  /** Resolves when the job has ended on the engine's side. */
  readonly ended: Promise<ScriptedEnd>;
}

/** Engine that does what a script says, one script per job. */
export class ScriptedEngine implements Engine {
  readonly address = 'scripted';
  readonly runs: ScriptedRun[] = [];
  description: EngineDescription = scriptedDescription;
  /** When set, `describe` rejects with it. */
  describeFailure?: TaskError;
  closed = false;
  readonly #scripts: EngineScript[];
  readonly #watchers: ((run: ScriptedRun) => void)[] = [];

  /** @param scripts one per job, in order; the last one serves all further jobs. Absent: every job succeeds. */
  constructor(...scripts: readonly EngineScript[]) {
    this.#scripts = scripts.length > 0 ? [...scripts] : [successScript()];
  }

  /** Replaces what the next jobs do. */
  play(...scripts: readonly EngineScript[]): void {
    this.#scripts.splice(0, this.#scripts.length, ...scripts);
  }

  /** Resolves with the next job that starts. */
  nextRun(): Promise<ScriptedRun> {
    return new Promise((resolve) => this.#watchers.push(resolve));
  }

  async describe(): Promise<EngineDescription> {
    if (this.describeFailure) throw this.describeFailure;
    return this.description;
  }

  generate(job: EngineJob, signal: AbortSignal): AsyncIterable<EngineEvent> {
    return {
      [Symbol.asyncIterator]: () => {
        const left = new AbortController();
        const events = this.#play(job, AbortSignal.any([signal, left.signal]));
        return {
          next: () => events.next(),
          // A generator alone would wait for a pending `next` before it noticed.
          return: () => {
            left.abort();
            return events.return(undefined);
          },
        };
      },
    };
  }

  async *#play(job: EngineJob, signal: AbortSignal): AsyncGenerator<EngineEvent, undefined> {
    if (signal.aborted) throw cancelled(signal);
    const script = (this.#scripts.length > 1 ? this.#scripts.shift() : this.#scripts[0]) ?? [];
    const ended = Promise.withResolvers<ScriptedEnd>();
    const run: ScriptedRun = { job, inputs: new Map(), emitted: 0, ended: ended.promise };
    this.runs.push(run);
    for (const watcher of this.#watchers.splice(0)) watcher(run);
    // Left by `return` of the caller without reaching another assignment, it was broken off.
    let end: ScriptedEnd = 'cancelled';
    try {
      for (const step of script) {
        if (signal.aborted) throw cancelled(signal);
        if (step.type === 'emit') {
          run.emitted += 1;
          yield step.event;
        } else if (step.type === 'read-inputs') await readInputs(run, signal);
        else if (step.type === 'wait') await orAborted(step.until, signal);
        else if (step.type === 'hang') await orAborted(new Promise(() => {}), signal);
        else throw step.error;
      }
      end = 'finished';
    } catch (error) {
      if (!signal.aborted) end = 'failed';
      throw signal.aborted ? cancelled(signal) : TaskError.from(error);
    } finally {
      ended.resolve(end);
    }
  }

  close(): void {
    this.closed = true;
  }
}

async function readInputs(run: ScriptedRun, signal: AbortSignal): Promise<void> {
  for (const input of run.job.inputs) {
    const pieces: Uint8Array[] = [];
    for await (const piece of input.open()) {
      if (signal.aborted) throw cancelled(signal);
      pieces.push(piece);
    }
    run.inputs.set(input.role, Buffer.concat(pieces));
  }
}

/** The reason of the abort when it is a TaskError, so that a timeout stays a timeout; CANCELLED otherwise. */
function cancelled(signal: AbortSignal): TaskError {
  return signal.reason instanceof TaskError
    ? signal.reason
    : new TaskError('CANCELLED', undefined, { cause: signal.reason });
}
