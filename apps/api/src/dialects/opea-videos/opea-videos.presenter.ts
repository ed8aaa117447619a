import { assetOf, wantsLogo, type Task, type TaskState } from '@polyreel/core';
import type { Language } from '../../http/language.js';
import type { TaskView } from '../../tasks/task-view.js';
import type { ContentVariant } from './opea-videos.dto.js';
import { taskErrorText } from './opea-videos.errors.js';
import type { OpeaVideo, OpeaVideoDeleted, OpeaVideoList } from './opea-videos.replies.js';
import type { Words } from './opea-videos.request.js';

/** Words of the document. It has none for a cancelled job: only a delete cancels, and that removes the job. */
const opeaStatus = {
  queued: 'queued',
  running: 'processing',
  succeeded: 'completed',
  failed: 'error',
  cancelled: 'error',
} as const satisfies Record<TaskState, string>;

/** Words OpenAI's SDKs wait for; with any other they take a running job as ended. */
const openAiStatus = {
  queued: 'queued',
  running: 'in_progress',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'failed',
} as const satisfies Record<TaskState, string>;

/** The original's own spelling of its one model; shown for that model only. */
const shownModels: Readonly<Record<string, string>> = { infinitetalk: 'InfinteTalk' };

/** The service's name as the original registers it. */
const SERVICE = 'opea_service@text2video';

export interface Audience {
  readonly words: Words;
  readonly language: Language;
}

/** @param runningTasks tasks that run at this moment: as in the original, they stand before one that waits */
export function presentVideo(view: TaskView, audience: Audience, runningTasks = 0): OpeaVideo {
  const { task } = view;
  const facts = {
    progress: percentOf(task),
    estimated_time: minutesOf(view),
    queue_length: task.state === 'queued' ? view.queuePosition + runningTasks : 0,
  };
  if (audience.words === 'opea')
    return job(task, opeaStatus[task.state], facts, errorText(task, audience.language));
  const error = errorText(task, audience.language);
  return {
    ...job(
      task,
      openAiStatus[task.state],
      facts,
      error ? { code: (task.error?.code ?? 'CANCELLED').toLowerCase(), message: error } : null,
    ),
    completed_at: task.state === 'succeeded' && task.finishedAt ? unixSeconds(task.finishedAt) : null,
    expires_at: task.state === 'succeeded' && view.expiresAt ? unixSeconds(view.expiresAt) : null,
    prompt: task.parameters.prompt ?? null,
    size: sizeOf(task),
    remixed_from_video_id: null,
    message: task.message,
    url: view.resultLink ?? null,
  };
}

/** The reply to a delete; `task` is what was removed. */
export function presentDeleted(task: Task, { words }: Audience): OpeaVideo | OpeaVideoDeleted {
  if (words === 'openai') return { id: task.publicId, object: 'video.deleted', deleted: true };
  // Nothing is left to wait for or to complain about: the original answers progress 0 here, whatever it was before.
  return job(task, 'deleted', { progress: 0, estimated_time: 0, queue_length: 0 }, '');
}

export function presentList(
  views: readonly TaskView[],
  hasMore: boolean,
  audience: Audience,
  runningTasks = 0,
): OpeaVideoList {
  return {
    object: 'list',
    data: views.map((view) => presentVideo(view, audience, runningTasks)),
    first_id: views.at(0)?.task.publicId ?? null,
    last_id: views.at(-1)?.task.publicId ?? null,
    has_more: hasMore,
  };
}

/** Headers beside the video object: when OpenAI's poll helper shall ask again, in milliseconds. */
export function videoHeaders(view: TaskView, { words }: Audience): Record<string, string> {
  if (words === 'opea') return {};
  const { estimatedSeconds = 10 } = view;
  // Ten looks over what is left, but neither a hammering nor a long sleep.
  const milliseconds = Math.min(10_000, Math.max(500, Math.round(estimatedSeconds * 100)));
  return { 'openai-poll-after-ms': String(milliseconds) };
}

/** Name under which a variant is saved. */
export function fileNameOf({ publicId }: Pick<Task, 'publicId'>, variant: ContentVariant): string {
  const names = {
    video: `${publicId}.mp4`,
    thumbnail: `${publicId}.jpg`,
    spritesheet: `${publicId}-spritesheet.jpg`,
  } as const satisfies Record<ContentVariant, string>;
  return names[variant];
}

export function presentHealth(version: string): object {
  return {
    'Service Title': SERVICE,
    Version: version,
    'Service Description': 'Talking videos, text to video and image to video behind /v1/videos',
  };
}

/** Seconds from creation to end of these jobs; null when there are none. There are no tokens, so their three stay null. */
export function presentStatistics(tasks: readonly Task[]): object {
  const seconds = tasks
    .flatMap(({ createdAt, finishedAt }) => (finishedAt ? [secondsBetween(createdAt, finishedAt)] : []))
    .sort((a, b) => a - b);
  const total = seconds.reduce((sum, value) => sum + value, 0);
  return {
    [SERVICE]: {
      p50_latency: percentile(seconds, 0.5),
      p99_latency: percentile(seconds, 0.99),
      average_latency: seconds.length > 0 ? total / seconds.length : null,
      p50_latency_first_token: null,
      p99_latency_first_token: null,
      average_latency_first_token: null,
    },
  };
}

interface Facts {
  readonly progress: number;
  readonly estimated_time: number;
  readonly queue_length: number;
}

/** The object both words share, fields in the order of the original. */
function job(task: Task, status: string, facts: Facts, error: OpeaVideo['error']): OpeaVideo {
  return {
    id: task.publicId,
    object: 'video',
    model: shownModels[task.model] ?? task.model,
    status,
    progress: facts.progress,
    created_at: unixSeconds(task.createdAt),
    estimated_time: facts.estimated_time,
    queue_length: facts.queue_length,
    duration: generationSeconds(task),
    seconds: String(videoSeconds(task)),
    error,
  };
}

/** Whole percent; 100 only when the video can be downloaded. */
function percentOf(task: Task): number {
  return task.state === 'succeeded' ? 100 : Math.min(99, Math.floor(task.progress * 100));
}

/** Whole minutes to the end, at least 1 while there is something to wait for, also when nothing is known yet. */
function minutesOf({ task, estimatedSeconds = 60 }: TaskView): number {
  const waiting = task.state === 'queued' || task.state === 'running';
  return waiting ? Math.max(1, Math.ceil(estimatedSeconds / 60)) : 0;
}

/** Wall seconds the generation took; 0 unless it succeeded. */
function generationSeconds({ state, startedAt, finishedAt }: Task): number {
  if (state !== 'succeeded' || !startedAt || !finishedAt) return 0;
  return Math.max(1, Math.round(secondsBetween(startedAt, finishedAt)));
}

/**
 * Length of the video in whole seconds, at least 1. A talking video is as long as its sound: one after the other
 * their sum, at the same time the longer one. 0: not known yet, the sound lies behind a URL nobody has fetched.
 * With a logo clip behind it the finished file decides.
 */
export function videoSeconds(task: Task): number {
  const result = assetOf(task, 'result')?.facts?.durationSeconds;
  if (task.kind !== 'talk') return Math.max(1, Math.round(result ?? task.parameters.seconds ?? 0));
  const sounds = (['audio', 'audio2'] as const).flatMap((role) => assetOf(task, role) ?? []);
  const lengths = sounds.map(({ facts }) => facts?.durationSeconds);
  const known = lengths.every((length) => length !== undefined);
  const add = task.parameters.audio_mode === 'add';
  const sound = add ? lengths.reduce<number>((sum, length = 0) => sum + length, 0) : longest(lengths);
  const bySound = known && sounds.length > 0 && !(wantsLogo(task) && result !== undefined);
  const length = bySound ? sound : result;
  return length === undefined ? 0 : Math.max(1, Math.floor(length));
}

function longest(lengths: readonly (number | undefined)[]): number {
  return Math.max(0, ...lengths.map((length = 0) => length));
}

function errorText(task: Task, language: Language): string {
  if (task.error) return taskErrorText(task.error.code, task.error.text, language);
  return task.state === 'cancelled' ? taskErrorText('CANCELLED', 'The job was cancelled.', language) : '';
}

/** As the result is; before that as the client asked; null: the model will choose. */
function sizeOf(task: Task): string | null {
  const facts = assetOf(task, 'result')?.facts;
  const { width = task.parameters.width, height = task.parameters.height } = facts ?? {};
  return width && height ? `${width}x${height}` : null;
}

/** Linear between the two nearest values, as numpy does it. */
function percentile(sorted: readonly number[], fraction: number): number | null {
  if (sorted.length === 0) return null;
  const position = (sorted.length - 1) * fraction;
  const below = sorted[Math.floor(position)]!;
  const above = sorted[Math.ceil(position)]!;
  return below + (above - below) * (position - Math.floor(position));
}

function secondsBetween(from: Date, to: Date): number {
  return (to.getTime() - from.getTime()) / 1000;
}

function unixSeconds(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
