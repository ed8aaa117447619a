import {
  presentable,
  remainingSeconds,
  runSeconds,
  secondsUntil,
  sum,
  waitSeconds,
  type PastRun,
  type Spread,
} from '../model/estimate.js';
import { isTerminal } from '../model/task-state.js';
import type { Task } from '../model/task.js';
import { expectedWork } from '../model/work.js';
import type { TaskStore } from '../ports/task-store.js';
import type { ModelCatalog } from './model-catalog.js';

/** What is ahead of a task. */
export interface Outlook {
  /** Tasks before this one in fair order; 0 for the next one and for tasks that do not wait. */
  readonly queuePosition: number;
  /** Seconds until the end, at least 1 while it is unfinished. Undefined: nothing to judge by yet. 0: has ended. */
  readonly estimatedSeconds: number | undefined;
  /** Bounds four in five tasks end within, in seconds. */
  readonly estimatedRange: { readonly low: number; readonly high: number } | undefined;
  /** It waits, and no engine that is there has its model: it begins when one comes. */
  readonly engineMissing: boolean;
}

/** Milliseconds past runs are used before they are read again, so that a crowd of pollers does not read them each time. */
const CACHE_MILLISECONDS = 2_000;

interface CachedRuns {
  readonly until: number;
  readonly runs: Promise<readonly PastRun[]>;
}

/** Tells when tasks will end, from past runs, the line before them and their own progress. */
export class TaskOutlooks {
  private readonly cached = new Map<string, CachedRuns>();

  constructor(
    private readonly store: Pick<TaskStore, 'recentRuns' | 'queuePlace'>,
    private readonly catalog: ModelCatalog,
  ) {}

  async of(task: Task, now: Date): Promise<Outlook> {
    if (isTerminal(task.state))
      return {
        queuePosition: 0,
        estimatedSeconds: 0,
        estimatedRange: { low: 0, high: 0 },
        engineMissing: false,
      };
    const [runs, capacity] = await Promise.all([
      this.recentRuns(task),
      this.catalog.capacityFor(task.kind, task.model),
    ]);
    const run = runSeconds(runs, expectedWork(task, capacity.described));
    if (task.state === 'running') {
      if (task.expectedEndAt) return outlook(0, secondsUntil(task.expectedEndAt, now));
      const elapsed = task.startedAt ? (now.getTime() - task.startedAt.getTime()) / 1000 : 0;
      return outlook(0, remainingSeconds(task, run, elapsed));
    }
    // Undefined: claimed since the task was read, so nothing is before it any more.
    const place = await this.store.queuePlace(task.id, capacity.routes);
    if (!place) return outlook(0, run);
    // Without a live engine nobody knows when the line will move again.
    if (!run || capacity.slots === 0) return outlook(place.position, undefined, capacity.slots === 0);
    const line = { ahead: place.onRoutes, running: place.running, slots: capacity.slots };
    return outlook(place.position, sum(waitSeconds(run, line), run));
  }

  private recentRuns({ kind, model }: Task): Promise<readonly PastRun[]> {
    const key = `${kind} ${model}`;
    const now = Date.now();
    const known = this.cached.get(key);
    if (known && known.until > now) return known.runs;
    const runs = this.store.recentRuns(kind, model);
    this.cached.set(key, { until: now + CACHE_MILLISECONDS, runs });
    runs.catch(() => this.cached.delete(key));
    return runs;
  }
}

function outlook(queuePosition: number, spread: Spread | undefined, engineMissing = false): Outlook {
  const shown = spread && presentable(spread);
  return {
    queuePosition,
    estimatedSeconds: shown?.typical,
    estimatedRange: shown && { low: shown.low, high: shown.high },
    engineMissing,
  };
}
