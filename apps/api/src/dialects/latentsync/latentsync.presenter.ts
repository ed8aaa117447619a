import {
  assetOf,
  type ScopeQueue,
  type Task,
  type TaskErrorCode,
  type TaskStage,
  type TaskState,
} from '@polyreel/core';
import type { Language } from '../../http/language.js';
import type { TaskView } from '../../tasks/task-view.js';
import type {
  LatentSyncCreated,
  LatentSyncQueue,
  LatentSyncStatus,
  LatentSyncTask,
} from './latentsync.replies.js';

/** The stage decides between the original's two words for a running task. */
const runningWords = {
  fetching: 'downloading',
  loading: 'processing',
  generating: 'processing',
  encoding: 'processing',
  uploading: 'processing',
} as const satisfies Record<TaskStage, LatentSyncStatus>;

const words = {
  queued: () => 'queued',
  running: (stage: TaskStage) => runningWords[stage],
  succeeded: () => 'completed',
  failed: () => 'failed',
  // The original cannot cancel; its clients stop on completed and failed only.
  cancelled: () => 'failed',
} as const satisfies Record<TaskState, (stage: TaskStage) => LatentSyncStatus>;

/** Progress the original shows at fixed points; from the last one on ours moves with the work. */
const DOWNLOADING = 0.1;
const VIDEO_DOWNLOADED = 0.3;
const PROCESSING = 0.5;
const ALMOST_DONE = 0.99;

interface Texts {
  readonly created: (id: string, position: number) => string;
  readonly queued: (position: number) => string;
  readonly engineMissing: (model: string) => string;
  readonly downloading: string;
  readonly processing: string;
  readonly completed: string;
  readonly failed: (error: string) => string;
  readonly noOutput: string;
  readonly unreachable: Readonly<Record<'video' | 'audio', string>>;
  readonly cancelled: string;
}

const texts: Record<Language, Texts> = {
  zh: {
    created: (id, position) => `处理任务已添加到队列，任务ID: ${id}，队列位置: ${position}`,
    queued: (position) => `等待处理中，队列位置: ${position}`,
    engineMissing: (model) => `等待中，没有可用的引擎提供模型 ${model}`,
    downloading: '正在下载文件',
    processing: '正在处理唇形同步',
    completed: '处理完成',
    failed: (error) => `处理失败: ${error}`,
    noOutput: '处理失败，未生成输出文件',
    unreachable: { video: '视频下载失败', audio: '音频下载失败' },
    cancelled: '任务已取消',
  },
  en: {
    created: (id, position) => `Task added to the queue, task ID: ${id}, position: ${position}`,
    queued: (position) => `Waiting, position in the queue: ${position}`,
    engineMissing: (model) => `Waiting for an engine with the model ${model}`,
    downloading: 'Downloading the files',
    processing: 'Synchronising the lips',
    completed: 'Completed',
    failed: (error) => `Processing failed: ${error}`,
    noOutput: 'Processing failed, no output file was made',
    unreachable: { video: 'The video could not be downloaded', audio: 'The audio could not be downloaded' },
    cancelled: 'The task was cancelled',
  },
};

export function presentCreated(task: Task, position: number, language: Language): LatentSyncCreated {
  return {
    task_id: task.publicId,
    status: 'queued',
    message: texts[language].created(task.publicId, position + 1),
    queue_position: position,
    output_video_path: null,
    output_mask_path: null,
  };
}

export function presentTask(view: TaskView, language: Language): LatentSyncTask {
  const { task } = view;
  const finished = task.state === 'succeeded';
  const hasMask = finished && assetOf(task, 'mask_result') !== undefined;
  return {
    task_id: task.publicId,
    status: words[task.state](stageOf(task)),
    message: messageOf(view, language),
    progress: progressOf(task),
    queue_position: task.state === 'queued' ? view.queuePosition : null,
    start_time: unixSeconds(task.createdAt),
    end_time: task.finishedAt ? unixSeconds(task.finishedAt) : null,
    output_video_url: finished ? `/results/${task.publicId}/output.mp4` : null,
    output_mask_url: hasMask ? `/results/${task.publicId}/output_mask.mp4` : null,
    ...(task.error && { error_code: task.error.code }),
  };
}

export function presentQueue({ waiting, queued, running }: ScopeQueue): LatentSyncQueue {
  return {
    queue_length: queued,
    is_processing: running > 0,
    queued_tasks: waiting.map((id, position) => ({ task_id: id, position, status: 'queued' })),
  };
}

/** Codes that mean an input could not be downloaded. */
const downloadErrors: readonly TaskErrorCode[] = ['INPUT_UNREACHABLE', 'INPUT_TOO_LARGE'];

function messageOf({ task, queuePosition, engineMissing }: TaskView, language: Language): string {
  const text = texts[language];
  const byState: Record<TaskState, () => string> = {
    queued: () => (engineMissing ? text.engineMissing(task.model) : text.queued(queuePosition + 1)),
    running: () => (stageOf(task) === 'fetching' ? text.downloading : text.processing),
    succeeded: () => (task.message ? `${text.completed} (${task.message})` : text.completed),
    failed: () => failure(task, text),
    cancelled: () => text.cancelled,
  };
  return byState[task.state]();
}

function failure(task: Task, text: Texts): string {
  const error = task.error?.text ?? '';
  if (task.error?.code === 'UPLOAD_FAILED') return text.noOutput;
  if (!task.error || !downloadErrors.includes(task.error.code)) return text.failed(error);
  // The input whose content never arrived is the one that failed.
  const failed = (['video', 'audio'] as const).find((role) => assetOf(task, role)?.objectKey === undefined);
  return failed ? `${text.unreachable[failed]}: ${error}` : text.failed(error);
}

/** By what has been reached, not by the state: it stays where it was when the task fails or waits for another attempt. */
function progressOf(task: Task): number {
  if (task.state === 'succeeded') return 1;
  if (task.progress > 0) return Math.min(ALMOST_DONE, PROCESSING + task.progress * (1 - PROCESSING));
  if (task.attempt === 0) return 0;
  return assetOf(task, 'video')?.objectKey === undefined ? DOWNLOADING : VIDEO_DOWNLOADED;
}

function stageOf(task: Task): TaskStage {
  return task.stage ?? 'fetching';
}

function unixSeconds(instant: Date): number {
  return instant.getTime() / 1000;
}
