import {
  assetOf,
  isTerminal,
  type Endpoint,
  type EngineState,
  type RegisteredEngine,
  type Task,
  type TaskPage,
  type TaskState,
} from '@polyreel/core';
import type { DeliveredResult, DeliveryWishes } from '../../tasks/result-delivery.js';
import type { TaskView } from '../../tasks/task-view.js';
import type {
  RunpodAccepted,
  RunpodHealth,
  RunpodJob,
  RunpodPurged,
  RunpodRequests,
  RunpodStream,
} from './runpod.replies.js';

const statusWords = {
  queued: 'IN_QUEUE',
  running: 'IN_PROGRESS',
  succeeded: 'COMPLETED',
  failed: 'FAILED',
  cancelled: 'CANCELLED',
} as const satisfies Record<TaskState, string>;

type StatusWord = (typeof statusWords)[TaskState] | 'TIMED_OUT';

/** Which counter of the workers an engine in this state adds to. */
const workerCounters = {
  loading: 'initializing',
  ready: 'idle',
  busy: 'running',
  draining: 'throttled',
  failed: 'unhealthy',
} as const satisfies Record<EngineState, string>;

/** Largest video that also stands in the envelope itself, in bytes. */
const INLINE_BYTES = 8 * 1024 * 1024;

/** How the result goes into the envelope. */
export function deliveryWishes(task: Task): DeliveryWishes {
  return { toVolume: task.extras.network_volume === true, inlineBytes: INLINE_BYTES };
}

/** A job past its time to live is gone, whatever its state. */
export function hasVanished(task: Task, now: Date): boolean {
  return task.error?.code === 'EXPIRED' || (task.deadline !== undefined && task.deadline <= now);
}

export function presentQueued(task: Pick<Task, 'publicId'>): RunpodAccepted {
  return { id: task.publicId, status: statusWords.queued };
}

/** The envelope of run-time replies. Fields that do not apply are undefined and so absent in JSON, never null. */
export function presentJob(view: TaskView, delivered: DeliveredResult): RunpodJob {
  const { task } = view;
  return {
    ...timesOf(task),
    id: task.publicId,
    status: statusOf(task),
    output: outputOf(view, delivered),
    error: task.error?.text,
    errorCode: task.error?.code,
  };
}

/** Chunks are progress reports while the job runs; ended jobs have none, or the Python SDK would ask for ever. */
export function presentStream(view: TaskView): RunpodStream {
  const { task } = view;
  return {
    status: statusOf(task),
    stream: task.state === 'running' ? [{ output: progressOf(view) }] : [],
  };
}

export function presentCancelled(task: Task): RunpodAccepted {
  return {
    id: task.publicId,
    // A running job ends at its next step; the reply need not wait for that.
    status: isTerminal(task.state) ? statusOf(task) : statusWords.cancelled,
  };
}

export function presentPurge(removed: number): RunpodPurged {
  return { removed, status: 'completed' };
}

/** @param engines all that are alive; those that cannot run the endpoint's kind and model do not count */
export function presentHealth(
  counts: Record<TaskState | 'retried', number>,
  engines: readonly RegisteredEngine[],
  { kind, model }: Pick<Endpoint, 'kind' | 'model'>,
): RunpodHealth {
  const workers = { idle: 0, initializing: 0, ready: 0, running: 0, throttled: 0, unhealthy: 0 };
  for (const engine of engines) {
    const models = engine.models.filter(({ name }) => name === model);
    if (!models.some(({ kinds }) => kinds.some((candidate) => candidate.kind === kind))) continue;
    workers[workerCounters[engine.state]] += 1;
  }
  workers.ready = workers.idle + workers.running;
  return {
    jobs: {
      completed: counts.succeeded,
      failed: counts.failed,
      inProgress: counts.running,
      inQueue: counts.queued,
      retried: counts.retried,
    },
    workers,
  };
}

/** `GET /requests`: RunPod documents only that it exists; the shape is ours. */
export function presentRequests(page: TaskPage, now: Date): RunpodRequests {
  const requests = page.tasks
    .filter((task) => !hasVanished(task, now))
    .map((task) => ({
      id: task.publicId,
      status: statusOf(task),
      ...timesOf(task),
      createdAt: task.createdAt.toISOString(),
    }));
  return { requests, hasMore: page.hasMore };
}

function statusOf(task: Task): StatusWord {
  return task.error?.code === 'EXECUTION_TIMEOUT' ? 'TIMED_OUT' : statusWords[task.state];
}

/** Milliseconds from creation to start, and from start to end. */
function timesOf({ createdAt, startedAt, finishedAt }: Task) {
  return {
    delayTime: startedAt && between(createdAt, startedAt),
    executionTime: startedAt && finishedAt && between(startedAt, finishedAt),
  };
}

function between(from: Date, to: Date): number {
  return Math.max(0, to.getTime() - from.getTime());
}

function outputOf(view: TaskView, delivered: DeliveredResult): object | undefined {
  if (view.task.state === 'running') return progressOf(view);
  return view.task.state === 'succeeded' ? resultOf(view, delivered) : undefined;
}

/** What a worker would report by `progress_update`. */
function progressOf({ task, estimatedSeconds }: TaskView): object {
  return {
    progress: task.progress,
    stage: task.stage,
    step: task.steps > 0 ? task.step : undefined,
    steps: task.steps > 0 ? task.steps : undefined,
    chunk: task.chunks > 0 ? task.chunk : undefined,
    chunks: task.chunks > 0 ? task.chunks : undefined,
    message: task.message || undefined,
    estimated_seconds: estimatedSeconds === undefined ? undefined : Math.ceil(estimatedSeconds),
  };
}

/** The documented `video` first, then what clients of the original worker and of public endpoints look for. */
function resultOf(view: TaskView, { inline, volumePath }: DeliveredResult): object {
  const result = assetOf(view.task, 'result');
  return {
    video: inline && `data:${result?.mediaType};base64,${inline.token}`,
    video_base64: inline?.token,
    video_path: volumePath,
    video_url: view.resultLink,
    video_url_expires_at: view.resultLink && view.linksExpireAt.toISOString(),
    s3_url: assetOf(view.task, 'copy')?.sourceUrl,
    mask_url: view.maskLink,
    thumbnail_url: view.posterLink,
    duration: result?.facts?.durationSeconds,
    width: result?.facts?.width,
    height: result?.facts?.height,
    fps: result?.facts?.fps,
    size_bytes: result?.bytes,
    sha256: result?.sha256,
    message: view.task.message || undefined,
  };
}
