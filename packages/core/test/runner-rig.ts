import {
  aTaskToCreate,
  ManualClock,
  MemoryMediaIntake,
  MemoryObjectStore,
  MemoryTaskEvents,
  MemoryTaskStore,
  samplePng,
  sampleWav,
  ScriptedEngine,
} from '@polyreel/testkit';
import type { Task } from '../src/model/task.js';
import type { LogoAppender } from '../src/ports/logo-appender.js';
import type { MediaInspector } from '../src/ports/media-intake.js';
import type { TaskToCreate } from '../src/ports/task-store.js';
import type { ResultCopier } from '../src/services/result-copier.js';
import { Slots } from '../src/services/slots.js';
import { TaskRunner } from '../src/services/task-runner.js';

export const scope = { tenant: 'acme', dialect: 'lightx2v' } as const;
export const portraitUrl = 'https://media.example.com/portrait.png';

/** Inspects nothing: tells fixed facts of every video. */
export const inspector: MediaInspector = {
  probeLink: async () => ({ width: 512, height: 512, durationSeconds: 2, fps: 25 }),
  posterOf: async () => Buffer.from('a poster'),
};

interface RunnerWishes {
  beatSeconds?: number;
  silenceSeconds?: number;
  inspector?: MediaInspector;
  logo?: LogoAppender;
  copier?: Pick<ResultCopier, 'copy'>;
}

/** A task runner and all it works with, in memory. */
export class RunnerRig {
  readonly clock = new ManualClock();
  readonly store = new MemoryTaskStore(this.clock.now);
  readonly objects = new MemoryObjectStore();
  readonly intake = new MemoryMediaIntake();
  readonly events = new MemoryTaskEvents();
  readonly engine = new ScriptedEngine();
  #runner = this.#runnerWith({});

  constructor() {
    this.intake.serve(portraitUrl, samplePng());
  }

  /** Later runs are those of a runner with these wishes. */
  useRunnerWith(wishes: RunnerWishes): void {
    this.#runner = this.#runnerWith(wishes);
  }

  /** A queued task whose portrait is a foreign URL and whose speech is stored. */
  async aQueuedTask(over: Partial<TaskToCreate> = {}): Promise<Task> {
    const row = aTaskToCreate({ model: 'scripted', ...over });
    const wav = sampleWav();
    const key = `inputs/${row.id}/audio`;
    const { bytes, sha256 } = this.objects.put(key, wav, 'audio/wav');
    return this.store.create(
      {
        ...row,
        assets: [
          { role: 'image', sourceUrl: portraitUrl },
          {
            role: 'audio',
            objectKey: key,
            mediaType: 'audio/wav',
            bytes,
            sha256,
            facts: { durationSeconds: 1 },
          },
        ],
        ...over,
      },
      100,
    );
  }

  run(task: Task, attempt = 1, slots = new Slots(1), shutdown: AbortSignal = new AbortController().signal) {
    return this.#runner.run({ taskId: task.id, attempt }, this.engine, slots, shutdown);
  }

  async stateOf(task: Task): Promise<Task> {
    return (await this.store.find(task.id))!;
  }

  #runnerWith(wishes: RunnerWishes): TaskRunner {
    const {
      inspector: inspecting = inspector,
      copier = { copy: async () => ({}) },
      logo,
      ...options
    } = wishes;
    const { store, objects, intake, events } = this;
    return new TaskRunner(
      { store, objects, intake, inspector: inspecting, events, copier, ...(logo && { logo }) },
      { leaseSeconds: 15, beatSeconds: 0.005, silenceSeconds: 60, ...options },
    );
  }
}

/** Waits for a condition that other promises bring about. */
export async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}
