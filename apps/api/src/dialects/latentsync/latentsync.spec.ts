import type { Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { ApiError, apiErrorCodes } from '../../http/api-error.js';
import { parseFields } from '../../http/parse-fields.js';
import type { TaskView } from '../../tasks/task-view.js';
import syncRequest from './__fixtures__/sync-request.json' with { type: 'json' };
import { LatentSyncRequest } from './latentsync.dto.js';
import { languageOf, latentsyncErrors } from './latentsync.errors.js';
import { fromRequest } from './latentsync.inbound.js';
import { presentCreated, presentQueue, presentTask } from './latentsync.presenter.js';
import { resultRoleOf } from './latentsync.request.js';

const context = { tenant: 'acme', model: 'latentsync-1.6', newTaskId: () => 'id' };
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
    expect(() => inbound({ ...syncRequest, inference_ckpt_path: '/etc/passwd' })).toThrow(ApiError);
  });
});

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
    [{ state: 'running', stage: 'fetching' }, 'downloading', 0.1],
    [{ state: 'running', stage: 'generating', progress: 0.5 }, 'processing', 0.75],
    [{ state: 'running', stage: 'uploading', progress: 0.999 }, 'processing', 0.99],
    [{ state: 'succeeded', progress: 1 }, 'completed', 1],
    [{ state: 'cancelled', progress: 0 }, 'failed', 0.1],
  ] as const)('%j shows %s at %d', (over, status, progress) => {
    expect(presentTask(view(over), 'en')).toMatchObject({ status, progress });
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
