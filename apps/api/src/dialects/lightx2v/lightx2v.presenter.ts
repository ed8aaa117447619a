import type { Task, TaskErrorCode, TaskState } from '@polyreel/core';
import type { TaskView } from '../../tasks/task-view.js';
import type { Vocabulary } from './lightx2v.inbound.js';

/** Words of the real server, always in `task_status`. */
const serverWords = {
  queued: 'pending',
  running: 'processing',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<TaskState, string>;

/** Words of the T2V/I2V guide; it has none for a cancelled task. */
const guideWords = {
  queued: 'submitted',
  running: 'running',
  succeeded: 'succeed',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<TaskState, string>;

/** Exception names clients of the original know. */
const errorTypes = {
  INVALID_INPUT: 'ValueError',
  UNSUPPORTED_MEDIA: 'ValueError',
  INPUT_UNREACHABLE: 'ConnectionError',
  INPUT_TOO_LARGE: 'ValueError',
  FACE_NOT_DETECTED: 'ValueError',
  AUDIO_TOO_SHORT: 'ValueError',
  OUT_OF_MEMORY: 'OutOfMemoryError',
  ENGINE_UNAVAILABLE: 'RuntimeError',
  ENGINE_LOST: 'RuntimeError',
  UPLOAD_FAILED: 'RuntimeError',
  EXECUTION_TIMEOUT: 'TimeoutError',
  EXPIRED: 'TimeoutError',
  CANCELLED: 'CancelledError',
  INTERNAL: 'RuntimeError',
} as const satisfies Record<TaskErrorCode, string>;

export function presentCreated(task: Task): object {
  return {
    task_id: task.publicId,
    task_status: 'pending',
    save_result_path: task.extras.save_result_path,
    status: 'submitted',
    message: 'Task created successfully',
  };
}

export function presentStatus(view: TaskView): object {
  const { task } = view;
  const vocabulary = (task.extras.vocabulary as Vocabulary | undefined) ?? 'server';
  const words = vocabulary === 'guide' ? guideWords : serverWords;
  const error = task.error?.text ?? (task.state === 'cancelled' ? 'Task cancelled by user' : null);
  const path = task.state === 'succeeded' ? resultFileName(task) : task.extras.save_result_path;
  return {
    task_id: task.publicId,
    status: words[task.state],
    task_status: serverWords[task.state],
    start_time: localTime(task.startedAt ?? task.createdAt),
    end_time: task.finishedAt ? localTime(task.finishedAt) : null,
    error,
    error_type: task.error ? errorTypes[task.error.code] : '',
    error_code: task.error?.code ?? null,
    save_result_path: path,
    progress: task.progress,
    message: error ?? (task.message || progressText(view)),
    stage: task.stage ?? null,
    queue_position: task.state === 'queued' ? view.queuePosition : null,
    estimated_seconds: view.estimatedSeconds === undefined ? null : Math.ceil(view.estimatedSeconds),
    result_url: view.resultLink ?? null,
    result_url_expires_at: view.resultLink ? view.linksExpireAt.toISOString() : null,
  };
}

/** `GET /v1/tasks/`: id to status object. */
export function presentList(views: readonly TaskView[]): object {
  return Object.fromEntries(views.map((view) => [view.task.publicId, presentStatus(view)]));
}

export function presentQueue(
  counts: Record<TaskState, number>,
  current: Task | undefined,
  limit: number,
): object {
  const active = counts.queued + counts.running;
  return {
    is_processing: counts.running > 0,
    current_task: current?.publicId ?? null,
    pending_count: counts.queued,
    active_count: active,
    queue_size: limit,
    queue_available: Math.max(0, limit - active),
  };
}

export function presentService(
  counts: Record<TaskState, number>,
  running: readonly Task[],
  limit: number,
): object {
  return {
    service_status: running.length > 0 ? 'busy' : 'idle',
    current_task: running[0]?.publicId ?? null,
    active_tasks: running.map(({ publicId }) => publicId),
    pending_tasks: counts.queued,
    queue_size: limit,
    total_tasks: Object.values(counts).reduce((sum, count) => sum + count, 0),
    completed_tasks: counts.succeeded,
    failed_tasks: counts.failed,
  };
}

export function presentMetadata(models: Readonly<Record<string, string>>): object {
  return { nproc_per_node: 1, model_cls: models.talk, model_path: '', models };
}

export function presentStop(outcome: 'cancelled' | 'requested' | 'finished' | 'unknown'): object {
  const stopped = outcome === 'cancelled' || outcome === 'requested';
  return stopped
    ? { stop_status: 'success', reason: 'Task stopped successfully.' }
    : { stop_status: 'do_nothing', reason: 'Task not found or already completed.' };
}

export function presentStopAll(stopped: number): object {
  return stopped > 0
    ? { stop_status: 'success', reason: `${stopped} tasks stopped.` }
    : { stop_status: 'do_nothing', reason: 'No running task found.' };
}

export function resultFileName(task: Pick<Task, 'publicId'>): string {
  return `${task.publicId}.mp4`;
}

function progressText({ task, queuePosition }: TaskView): string {
  const texts: Record<TaskState, string> = {
    queued: `Waiting, ${queuePosition} tasks before this one`,
    running: `Processing: ${task.stage ?? 'starting'}`,
    succeeded: 'Completed',
    failed: 'Failed',
    cancelled: 'Cancelled',
  };
  return texts[task.state];
}

/** ISO 8601 with microseconds and without zone, as the original writes it (in UTC). */
function localTime(instant: Date): string {
  return `${instant.toISOString().slice(0, -1)}000`;
}
