import type { Task } from '@polyreel/core';
import { aTask } from '@polyreel/testkit';
import { describe, expect, it } from 'vitest';
import { aTaskView } from '../../../test/a-task-view.js';
import type { TaskView } from '../../tasks/task-view.js';
import completedReply from './__fixtures__/completed.json' with { type: 'json' };
import createdReply from './__fixtures__/created.json' with { type: 'json' };
import deletedReply from './__fixtures__/deleted.json' with { type: 'json' };
import {
  fileNameOf,
  presentDeleted,
  presentHealth,
  presentList,
  presentStatistics,
  presentVideo,
  videoHeaders,
  videoSeconds,
  type Audience,
} from './opea-videos.presenter.js';

const opea: Audience = { words: 'opea', language: 'en' };
const openai: Audience = { words: 'openai', language: 'en' };

const view = (task: Task, over: Partial<TaskView> = {}) => aTaskView(task, { estimatedSeconds: 0, ...over });

const talk = (given: Partial<Task> = {}): Task =>
  aTask({
    dialect: 'opea-videos',
    publicId: 'video_1766454718_2556',
    model: 'infinitetalk',
    createdAt: new Date(1766454718_500),
    assets: [{ role: 'audio', facts: { durationSeconds: 3.9 } }],
    ...given,
  });
const started = { startedAt: new Date(1766454720_000), finishedAt: new Date(1766455150_000) };

describe('presenter', () => {
  it("answers the document's examples, field by field and in order", () => {
    const created = presentVideo(view(talk(), { queuePosition: 1, estimatedSeconds: 14 * 60 }), opea);
    expect(JSON.stringify(created)).toBe(JSON.stringify(createdReply));
    const completed = presentVideo(view(talk({ state: 'succeeded', progress: 1, ...started })), opea);
    expect(JSON.stringify(completed)).toBe(JSON.stringify(completedReply));
    const removed = talk({
      publicId: 'video_1721105333_1234',
      state: 'succeeded',
      createdAt: new Date(1721105333_000),
      startedAt: new Date(1721105333_000),
      finishedAt: new Date(1721105347_000),
      assets: [{ role: 'audio', facts: { durationSeconds: 15.2 } }],
    });
    expect(JSON.stringify(presentDeleted(removed, opea))).toBe(JSON.stringify(deletedReply));
  });

  it.each([
    ['queued', 'queued', 'queued'],
    ['running', 'processing', 'in_progress'],
    ['succeeded', 'completed', 'completed'],
    ['failed', 'error', 'failed'],
    ['cancelled', 'error', 'failed'],
  ] as const)('%s is %s or %s', (state, opeaWord, openaiWord) => {
    expect(presentVideo(view(talk({ state })), opea)).toMatchObject({ status: opeaWord });
    expect(presentVideo(view(talk({ state })), openai)).toMatchObject({ status: openaiWord });
  });

  it.each([
    ['queued', 0, 0],
    ['running', 0.005, 0],
    ['running', 0.999, 99],
    ['running', 1, 99],
    ['failed', 0.4, 40],
    ['succeeded', 1, 100],
  ] as const)('%s at %d shows %d percent', (state, progress, percent) => {
    expect(presentVideo(view(talk({ state, progress })), opea)).toMatchObject({ progress: percent });
  });

  it('counts the jobs that run as standing before one that waits', () => {
    expect(presentVideo(view(talk(), { queuePosition: 2 }), opea, 3)).toMatchObject({ queue_length: 5 });
    for (const state of ['running', 'succeeded', 'failed', 'cancelled'] as const)
      expect(presentVideo(view(talk({ state })), opea, 3)).toMatchObject({ queue_length: 0 });
  });

  it.each([
    ['succeeded', new Date(1766541550_900), 1766541550],
    ['succeeded', undefined, null],
    ['failed', new Date(1766541550_900), null],
  ] as const)('%s, kept until %s: its file expires at %s', (state, expiresAt, expected) => {
    const shown = presentVideo(view(talk({ state }), expiresAt && { expiresAt }), openai);
    expect(shown).toMatchObject({ expires_at: expected });
  });

  it('never promises 0 minutes to a job that waits, and none to one that has ended', () => {
    const minutes = (task: Task, estimatedSeconds: number | undefined) =>
      presentVideo(view(task, { estimatedSeconds }), opea);
    expect(minutes(talk(), undefined)).toMatchObject({ estimated_time: 1 });
    expect(minutes(talk({ state: 'running' }), 3)).toMatchObject({ estimated_time: 1 });
    expect(minutes(talk(), 61)).toMatchObject({ estimated_time: 2 });
    expect(minutes(talk({ state: 'failed' }), 0)).toMatchObject({ estimated_time: 0, queue_length: 0 });
  });

  it('tells errors in the form and language of the client', () => {
    const failed = view(talk({ state: 'failed', error: { code: 'FACE_NOT_DETECTED', text: 'No face.' } }));
    expect(presentVideo(failed, opea)).toMatchObject({ error: 'No face.' });
    expect(presentVideo(failed, { ...opea, language: 'zh' })).toMatchObject({
      error: '参考图像中未检测到人脸。',
    });
    expect(presentVideo(failed, openai)).toMatchObject({
      error: { code: 'face_not_detected', message: 'No face.' },
    });
    expect(presentVideo(view(talk()), openai)).toMatchObject({ error: null });
  });

  it('gives OpenAI clients the fields of their video object', () => {
    const task = talk({
      state: 'succeeded',
      ...started,
      parameters: { prompt: 'x', width: 720, height: 1280 },
      model: 'preview',
    });
    expect(presentVideo(view(task, { resultLink: 'https://s3/x' }), openai)).toMatchObject({
      object: 'video',
      model: 'preview',
      seconds: '3',
      completed_at: 1766455150,
      expires_at: null,
      prompt: 'x',
      size: '720x1280',
      remixed_from_video_id: null,
      url: 'https://s3/x',
    });
    expect(presentDeleted(task, openai)).toEqual({
      id: task.publicId,
      object: 'video.deleted',
      deleted: true,
    });
  });

  it.each([
    ['one audio', [3.9], undefined, 3],
    ['add is the sum', [3.9, 2.3], 'add', 6],
    ['para is the longer one', [3.9, 2.3], 'para', 3],
    ['less than a second', [0.4], undefined, 1],
    ['not fetched yet', [undefined], undefined, 0],
    ['one of two not fetched', [3, undefined], 'add', 0],
  ] as const)('seconds: %s', (_name, lengths, audio_mode, seconds) => {
    const assets = lengths.map((durationSeconds, index) => ({
      role: index === 0 ? ('audio' as const) : ('audio2' as const),
      ...(durationSeconds !== undefined && { facts: { durationSeconds } }),
    }));
    expect(videoSeconds(talk({ assets, parameters: audio_mode ? { audio_mode } : {} }))).toBe(seconds);
  });

  it('seconds with a logo clip: of the sound until the file is there', () => {
    const task = talk({ extras: { append_logo: true } });
    expect(videoSeconds(task)).toBe(3);
    const result = { role: 'result' as const, facts: { durationSeconds: 6.4 } };
    expect(videoSeconds({ ...task, assets: [...task.assets, result] })).toBe(6);
  });

  it('seconds of a video without sound: as asked, then as made', () => {
    const task = talk({ kind: 't2v', assets: [], parameters: { seconds: 4 } });
    expect(videoSeconds(task)).toBe(4);
    const made = { ...task, assets: [{ role: 'result' as const, facts: { durationSeconds: 3.24 } }] };
    expect(videoSeconds(made)).toBe(3);
  });

  it('lists by cursors', () => {
    const [first, last] = [talk({ publicId: 'video_1_2' }), talk({ publicId: 'video_1_1' })];
    expect(presentList([view(first), view(last)], true, openai)).toMatchObject({
      object: 'list',
      first_id: 'video_1_2',
      last_id: 'video_1_1',
      has_more: true,
    });
    expect(presentList([], false, opea)).toEqual({
      object: 'list',
      data: [],
      first_id: null,
      last_id: null,
      has_more: false,
    });
  });

  it.each([
    [undefined, '1000'],
    [1, '500'],
    [60, '6000'],
    [3600, '10000'],
  ])('tells the poll helper of OpenAI when to come back: %s s left', (estimatedSeconds, milliseconds) => {
    const headers = videoHeaders(view(talk(), { estimatedSeconds }), openai);
    expect(headers).toEqual({ 'openai-poll-after-ms': milliseconds });
    expect(videoHeaders(view(talk()), opea)).toEqual({});
  });

  it('names files by id alone', () => {
    const id = { publicId: 'video_1_1' };
    expect(fileNameOf(id, 'video')).toBe('video_1_1.mp4');
    expect(fileNameOf(id, 'thumbnail')).toBe('video_1_1.jpg');
    expect(fileNameOf(id, 'spritesheet')).toBe('video_1_1-spritesheet.jpg');
  });

  it('answers health and statistics in the shapes of the original', () => {
    expect(Object.keys(presentHealth('1.0'))).toEqual(['Service Title', 'Version', 'Service Description']);
    const jobs = [10, 20, 60].map((seconds) =>
      talk({ createdAt: new Date(0), finishedAt: new Date(seconds * 1000) }),
    );
    const [none, some] = [presentStatistics([]), presentStatistics(jobs)];
    expect(Object.values(none)[0]).toMatchObject({ p50_latency: null, average_latency_first_token: null });
    expect(some).toEqual({
      'opea_service@text2video': {
        p50_latency: 20,
        p99_latency: expect.closeTo(59.2) as number,
        average_latency: 30,
        p50_latency_first_token: null,
        p99_latency_first_token: null,
        average_latency_first_token: null,
      },
    });
  });
});
