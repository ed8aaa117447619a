import type { Task } from '@polyreel/core';
import { describe, expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import { presentCreated, presentQueue, presentTask } from './latentsync.presenter.js';

const view = (task: Partial<Task> = {}, queuePosition = 0) =>
  aTaskView({ publicId: 'id', ...task }, { queuePosition });

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

  it('tells what a task waits for that no engine can run', () => {
    const waiting = aTaskView({ model: 'latentsync-1.6' }, { engineMissing: true });
    expect(presentTask(waiting, 'en').message).toBe('Waiting for an engine with the model latentsync-1.6');
    expect(presentTask(waiting, 'zh').message).toContain('latentsync-1.6');
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
    expect(presentQueue({ waiting: ['id'], queued: 2, running: 1 })).toEqual({
      queue_length: 2,
      is_processing: true,
      queued_tasks: [{ task_id: 'id', position: 0, status: 'queued' }],
    });
  });
});
