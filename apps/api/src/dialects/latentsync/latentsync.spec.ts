import type { Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import type { TaskView } from '../../tasks/task-view.js';
import syncRequest from './__fixtures__/sync-request.json' with { type: 'json' };
import { LatentSyncRequest } from './latentsync.dto.js';
import { languageOf, latentsyncErrors } from './latentsync.errors.js';
import { fromRequest, type InboundContext } from './latentsync.inbound.js';
import { presentCreated, presentQueue, presentTask } from './latentsync.presenter.js';
import { resultRoleOf } from './latentsync.request.js';

const context: InboundContext = {
  tenant: 'acme',
  models: ['latentsync-1.6', 'preview'],
  newTaskId: () => 'id',
};
const inbound = (body: object) => fromRequest(parseFields(LatentSyncRequest, body), context);

function view(over: Partial<Task> = {}, queuePosition = 0): TaskView {
  return {
    task: aTask({ publicId: 'id', ...over }),
    queuePosition,
    estimatedSeconds: undefined,
    resultLink: undefined,
    maskLink: undefined,
    posterLink: undefined,
    linksExpireAt: new Date(0),
  };
}

describe('inbound', () => {
  it("reads the document's request with the original's defaults", () => {
    expect(inbound(syncRequest)).toMatchObject({
      kind: 'lipsync',
      model: 'latentsync-1.6',
      parameters: { steps: 20, guidance_scale: 1, seed: 1247, return_mask: true },
      inputs: [
        { role: 'video', source: { type: 'url', url: 'https://example.com/video.mp4' } },
        { role: 'audio', source: { type: 'url', url: 'https://example.com/audio.wav' } },
      ],
    });
  });

  it('takes a checkpoint only as the name of a model', () => {
    for (const inference_ckpt_path of ['checkpoints/unet.ckpt', 'latentsync-1.6', ''])
      expect(inbound({ ...syncRequest, inference_ckpt_path }).model).toBe('latentsync-1.6');
    expect(inbound({ ...syncRequest, inference_ckpt_path: 'preview' }).model).toBe('preview');
    for (const inference_ckpt_path of ['/etc/passwd', '../latentsync-1.6', 'toString'])
      expect(() => inbound({ ...syncRequest, inference_ckpt_path })).toThrow('latentsync-1.6, preview');
  });

  it.each([
    [{ inference_steps: 0 }, 'inference_steps'],
    [{ inference_steps: 101 }, 'inference_steps'],
    [{ guidance_scale: -0.1 }, 'guidance_scale'],
    [{ guidance_scale: 11 }, 'guidance_scale'],
    [{ seed: -1 }, 'seed'],
    [{ seed: 1.5 }, 'seed'],
    [{ ignore_cache: 'perhaps' }, 'ignore_cache'],
    [{ video_url: '' }, 'video_url'],
    [{ audio_url: 7 }, 'audio_url'],
    [{ audio_url: undefined }, 'audio_url'],
  ])('%j is refused', (fields, name) => {
    expect(() => inbound({ ...syncRequest, ...fields })).toThrow(name);
  });

  it('takes all documented fields, and ignores others', () => {
    const fields = {
      unet_config_path: 'configs/unet.yaml',
      inference_steps: '25',
      guidance_scale: 1.5,
      seed: 7,
      ignore_cache: true,
      loop_mode: 'x',
    };
    expect(inbound({ ...syncRequest, ...fields }).parameters).toEqual({
      steps: 25,
      guidance_scale: 1.5,
      seed: 7,
      return_mask: true,
    });
  });
});

const fetchedVideo = { role: 'video', sourceUrl: 'https://h/v', objectKey: 'k' } as const;

describe('presenter', () => {
  it('counts positions from 0 in fields and from 1 in texts', () => {
    expect(presentCreated(view().task, 2, 'zh')).toEqual({
      task_id: 'id',
      status: 'queued',
      message: '处理任务已添加到队列，任务ID: id，队列位置: 3',
      queue_position: 2,
      output_video_path: null,
      output_mask_path: null,
    });
    expect(presentTask(view({}, 2), 'zh')).toMatchObject({
      queue_position: 2,
      message: '等待处理中，队列位置: 3',
    });
  });

  it.each([
    [{ state: 'queued' }, 'queued', 0],
    [{ state: 'running', stage: 'fetching', attempt: 1, assets: [] }, 'downloading', 0.1],
    [{ state: 'running', stage: 'fetching', attempt: 1, assets: [fetchedVideo] }, 'downloading', 0.3],
    [{ state: 'running', stage: 'loading', attempt: 1, progress: 0.02 }, 'processing', 0.51],
    [{ state: 'running', stage: 'generating', attempt: 1, progress: 0.5 }, 'processing', 0.75],
    [{ state: 'running', stage: 'uploading', attempt: 1, progress: 0.999 }, 'processing', 0.99],
    [{ state: 'queued', attempt: 1, progress: 0.5 }, 'queued', 0.75],
    [{ state: 'running', stage: 'fetching', attempt: 2, progress: 0.5 }, 'downloading', 0.75],
    [{ state: 'succeeded', attempt: 1, progress: 1 }, 'completed', 1],
    [{ state: 'failed', attempt: 1, progress: 0.5 }, 'failed', 0.75],
    [{ state: 'failed', attempt: 1, assets: [fetchedVideo] }, 'failed', 0.3],
    [{ state: 'failed', attempt: 0 }, 'failed', 0],
    [{ state: 'cancelled', attempt: 0 }, 'failed', 0],
  ] as const)('%j shows %s at %d', (over, status, progress) => {
    const shown = presentTask(view(over), 'en');
    expect(shown).toMatchObject({ status });
    expect(shown.progress).toBeCloseTo(progress);
  });

  it('shows relative URLs of what there is', () => {
    const result = { role: 'result', objectKey: 'k', mediaType: 'video/mp4' } as const;
    expect(presentTask(view({ state: 'succeeded', assets: [result] }), 'en')).toMatchObject({
      output_video_url: '/results/id/output.mp4',
      output_mask_url: null,
    });
    const mask = { ...result, role: 'mask_result' } as const;
    expect(presentTask(view({ state: 'succeeded', assets: [result, mask] }), 'en')).toMatchObject({
      output_mask_url: '/results/id/output_mask.mp4',
    });
  });

  it('says which download failed', () => {
    const error = { code: 'INPUT_UNREACHABLE', text: 'The server answered 404.' } as const;
    const assets = [
      { role: 'video', sourceUrl: 'https://h/v', objectKey: 'k' },
      { role: 'audio', sourceUrl: 'https://h/a' },
    ] as const;
    expect(presentTask(view({ state: 'failed', error, assets }), 'zh')).toMatchObject({
      message: '音频下载失败: The server answered 404.',
    });
  });

  it.each([
    [{ state: 'running', stage: 'fetching' }, '正在下载文件', 'Downloading the files'],
    [{ state: 'running', stage: 'encoding' }, '正在处理唇形同步', 'Synchronising the lips'],
    [{ state: 'succeeded' }, '处理完成', 'Completed'],
    [{ state: 'succeeded', message: 'No face.' }, '处理完成 (No face.)', 'Completed (No face.)'],
    [
      { state: 'failed', error: { code: 'INTERNAL', text: 'It broke.' } },
      '处理失败: It broke.',
      'Processing failed: It broke.',
    ],
    [
      { state: 'failed', error: { code: 'UPLOAD_FAILED', text: '' } },
      '处理失败，未生成输出文件',
      'Processing failed, no output file was made',
    ],
    [{ state: 'cancelled' }, '任务已取消', 'The task was cancelled'],
  ] as const)('%j says %s', (over, zh, en) => {
    expect(presentTask(view(over), 'zh').message).toBe(zh);
    expect(presentTask(view(over), 'en').message).toBe(en);
  });

  it('has exactly the documented keys, and the code of a failure', () => {
    const keys = [
      ...['task_id', 'status', 'message', 'progress', 'queue_position', 'start_time', 'end_time'],
      ...['output_video_url', 'output_mask_url'],
    ];
    expect(Object.keys(presentTask(view(), 'zh'))).toEqual(keys);
    const failed = view({ state: 'failed', error: { code: 'INTERNAL', text: '' } });
    expect(Object.keys(presentTask(failed, 'zh'))).toEqual([...keys, 'error_code']);
    const times = { createdAt: new Date(1_000_500), startedAt: new Date(1_001_000) };
    expect(presentTask(view(times), 'zh')).toMatchObject({ start_time: 1000.5, end_time: null });
  });

  it('numbers the queue', () => {
    const counts = { queued: 1, running: 1, succeeded: 0, failed: 0, cancelled: 0 };
    expect(presentQueue([view().task], counts)).toEqual({
      queue_length: 1,
      is_processing: true,
      queued_tasks: [{ task_id: 'id', position: 0, status: 'queued' }],
    });
  });
});

describe('errors and requests', () => {
  const ask = (language?: string) => ({
    method: 'GET',
    path: '/task/x',
    headers: { 'accept-language': language },
  });

  it.each(apiErrorCodes)('%s has a status and a detail', (code) => {
    const reply = latentsyncErrors(new ApiError(code, 'text'), ask());
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.body).toHaveProperty('detail');
  });

  it.each([
    ['unknown-task', {}, 404, '任务不存在', 'Task not found'],
    ['queue-full', { limit: 2 }, 503, '队列已满，请稍后再试', 'The queue is full, try again later'],
    ['rejected-input', { taskError: 'INPUT_UNREACHABLE' }, 400, '无法下载输入文件: text', 'text'],
    ['route-not-found', {}, 404, 'Not Found', 'Not Found'],
  ] as const)('%s %j', (code, details, status, zh, en) => {
    const error = new ApiError(code, 'text', details);
    expect(latentsyncErrors(error, ask())).toEqual({ status, body: { detail: zh } });
    expect(latentsyncErrors(error, ask('en'))).toEqual({ status, body: { detail: en } });
  });

  it('speaks Chinese unless English is preferred', () => {
    expect(languageOf(ask())).toBe('zh');
    expect(languageOf(ask('fr,en;q=0.5'))).toBe('en');
    expect(languageOf(ask('en;q=0.2,zh-CN;q=0.9'))).toBe('zh');
    expect(languageOf(ask('en;q=0,de'))).toBe('zh');
  });

  it('knows two files and no others', () => {
    expect(resultRoleOf('output.mp4')).toBe('result');
    expect(resultRoleOf('output_mask.mp4')).toBe('mask_result');
    for (const file of ['input.mp4', 'constructor', '..']) expect(() => resultRoleOf(file)).toThrow(ApiError);
  });
});
