import type { CancelOutcome, Task, TaskErrorCode, TaskState } from '@polyreel/core';
import type { TaskView } from '../../tasks/task-view.js';
import type { Vocabulary } from './lightx2v.inbound.js';
import type {
  guideStatuses,
  LightX2VCreated,
  LightX2VListed,
  LightX2VMetadata,
  LightX2VQueue,
  LightX2VService,
  LightX2VStatus,
  LightX2VStopped,
  serverStatuses,
} from './lightx2v.replies.js';

/** Words of the real server, always in `task_status`. */
const serverWords = {
  queued: 'pending',
  running: 'processing',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<TaskState, (typeof serverStatuses)[number]>;

/** Words of the T2V/I2V guide; it has none for a cancelled task. */
const guideWords = {
  queued: 'submitted',
  running: 'running',
  succeeded: 'succeed',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<TaskState, (typeof guideStatuses)[number]>;

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

export function presentCreated(task: Task): LightX2VCreated {
  return {
    task_id: task.publicId,
    task_status: 'pending',
    save_result_path: wishedPath(task) ?? task.publicId,
    status: 'submitted',
    message: 'Task created successfully',
  };
}

/** @param demanded words the reader demands. Absent: those the task was created with */
export function presentStatus(view: TaskView, demanded?: Vocabulary): LightX2VStatus {
  const { task } = view;
  const { resultLink } = view;
  return {
    ...presentListed(task, demanded),
    message: errorOf(task) ?? messageOf(view),
    stage: task.stage ?? null,
    queue_position: task.state === 'queued' ? view.queuePosition : null,
    estimated_seconds: view.estimatedSeconds === undefined ? null : Math.ceil(view.estimatedSeconds),
    result_url: resultLink ?? null,
    result_url_expires_at: resultLink ? view.linksExpireAt.toISOString() : null,
  };
}

/** All that can be told without another query. */
function presentListed(task: Task, demanded?: Vocabulary): LightX2VListed {
  const vocabulary = demanded ?? (task.extras.vocabulary as Vocabulary | undefined) ?? 'server';
  const words = vocabulary === 'guide' ? guideWords : serverWords;
  return {
    task_id: task.publicId,
    status: words[task.state],
    task_status: serverWords[task.state],
    start_time: localTime(task.startedAt ?? task.createdAt),
    end_time: task.finishedAt ? localTime(task.finishedAt) : null,
    error: errorOf(task),
    error_type: task.error ? errorTypes[task.error.code] : '',
    error_code: task.error?.code ?? null,
    save_result_path: task.state === 'succeeded' ? resultPath(task) : (wishedPath(task) ?? task.publicId),
    progress: task.progress,
    message: errorOf(task) ?? (task.message || progressText(task)),
  };
}

/** `GET /v1/tasks/`: id to status object. */
export function presentList(tasks: readonly Task[], demanded?: Vocabulary): Record<string, LightX2VListed> {
  return Object.fromEntries(tasks.map((task) => [task.publicId, presentListed(task, demanded)]));
}

export function presentQueue(
  counts: Record<'queued' | 'running', number>,
  current: Task | undefined,
  limit: number,
): LightX2VQueue {
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
): LightX2VService {
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

/** @param slots tasks the live engines can run at a time */
export function presentMetadata(model: string, slots: number): LightX2VMetadata {
  return { nproc_per_node: Math.max(1, slots), model_cls: model, model_path: '' };
}

/** @param task as it is now. The original calls cancelling a cancelled task a success as well */
export function presentStop(outcome: CancelOutcome, task: Task | undefined): LightX2VStopped {
  const stopped = outcome === 'cancelled' || outcome === 'requested' || task?.state === 'cancelled';
  return stopped
    ? { stop_status: 'success', reason: 'Task stopped successfully.' }
    : { stop_status: 'do_nothing', reason: 'Task not found or already completed.' };
}

/** Also when there was nothing to stop, as in the original. */
export function presentStopAll(): LightX2VStopped {
  return { stop_status: 'success', reason: 'All tasks stopped successfully.' };
}

export function resultFileName(task: Pick<Task, 'publicId'>): string {
  return `${task.publicId}.mp4`;
}

/** A path under which the finished result can be downloaded. */
function resultPath(task: Task): string {
  const wished = wishedPath(task);
  if (wished === undefined) return resultFileName(task);
  return /\.mp4$/i.test(wished) ? wished : `${wished}.mp4`;
}

function wishedPath(task: Task): string | undefined {
  const path = task.extras.save_result_path;
  return typeof path === 'string' ? path : undefined;
}

function errorOf(task: Task): string | null {
  return task.error?.text ?? (task.state === 'cancelled' ? 'Task cancelled by user' : null);
}

/** A task that waits again tells what went wrong before, and what it waits for. */
function messageOf({ task, queuePosition, engineMissing }: TaskView): string {
  if (task.state !== 'queued') return task.message || progressText(task);
  const waiting = engineMissing
    ? `Waiting for an engine with the model ${task.model}`
    : `Waiting, ${queuePosition} tasks before this one`;
  return [task.message, waiting].filter(Boolean).join(' ');
}

function progressText(task: Task): string {
  const texts: Record<TaskState, string> = {
    queued: 'Waiting',
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
